// A peer on quiche 0.18, by way of @matrixai/quic, which test/integration/harness/foreign/peer.ts starts and commands. It knows
// nothing of the relay but its address: the test registers its key and carries its first flight.
import quiche from "@matrixai/quic/native/quiche.js";
import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { pinOf } from "../../../src/peer/trust/identity.ts";
import { deriveConnectionId } from "../../../src/wire/connection-id.ts";

type Connection = ReturnType<(typeof quiche)["Connection"]["connect"]>;

/** A stream: what is still to be sent, and what has come of an echo that this peer has asked for. */
interface Stream {
  rest: Buffer;
  isEnding: boolean;
  readonly sent: Buffer | undefined;
  readonly received: Buffer[];
  lastByteMs: number;
}

const env = process.env as Record<string, string>;
const [host, port] = env["RELAY"]!.split(":") as [string, string];
const relay = { host, port: Number(port) };
const isDialer = process.argv[2] === "dialer";
const key = Buffer.from(env["KEY"]!, "hex");
const scratch = new Uint8Array(65_536);
const streams = new Map<number, Stream>();
const socket = createSocket("udp4");
let issued = 0;
let connection: Connection | undefined;
let timer: NodeJS.Timeout | undefined;
let nextStream = isDialer ? 0 : 1;
let isConnected = false;
let retired = 0;

/** The next connection ID of the key (docs/protocol.md, "Connection IDs"). */
const nextId = (): Uint8Array => deriveConnectionId(key, ++issued);
const say = (text: string): void => void process.stdout.write(`${text}\n`);

function createConfig(): Parameters<(typeof quiche)["Connection"]["connect"]>[4] {
  const [chain, own] = [readFileSync(env["CERTIFICATE"]!), readFileSync(env["PRIVATE_KEY"]!)];
  // It asks for a certificate, and takes any: the pin is checked below.
  const config = quiche.Config.withBoringSslCtx(
    true,
    true,
    undefined,
    [own],
    [chain],
    "ed25519:ECDSA+SHA256",
  );
  config.setApplicationProtos([env["ALPN"]!]);
  config.setMaxIdleTimeout(30_000);
  config.setInitialMaxData(1 << 24);
  config.setInitialMaxStreamsBidi(100);
  config.setInitialMaxStreamDataBidiLocal(1 << 24);
  config.setInitialMaxStreamDataBidiRemote(1 << 24);
  config.setActiveConnectionIdLimit(4);
  config.setMaxSendUdpPayloadSize(1200);
  return config;
}

function receive(datagram: Buffer): void {
  connection ??= quiche.Connection.accept(nextId(), undefined, local(), relay, createConfig());
  try {
    connection.recv(datagram, { from: relay, to: local() });
  } catch (error) {
    // quiche throws what it also answers with CONNECTION_CLOSE.
    say(`refused: ${String(error)}`);
  }
  progress();
}

function local(): { host: string; port: number } {
  const { address, port: own } = socket.address();
  return { host: address, port: own };
}

function progress(): void {
  const live = connection!;
  if (live.isEstablished() && !isConnected) greet(live);
  for (const id of live.readable()) read(live, id);
  for (const [id, stream] of streams) write(live, id, stream);
  if (isConnected) issueIds(live);
  flush(live);
  if (live.isClosed()) end(live);
}

function greet(live: Connection): void {
  isConnected = true;
  if (pinOf(live.peerCertChain()![0]!) !== env["PIN"]) throw new Error("the pin is another");
  say("connected");
}

function issueIds(live: Connection): void {
  while (live.sourceCidsLeft() > 0)
    live.newSourceCid(nextId(), BigInt(`0x${randomBytes(16).toString("hex")}`), false);
}

function read(live: Connection, id: number): void {
  const stream = streams.get(id) ?? create(id);
  for (let taken; (taken = live.streamRecv(id, scratch));) {
    const [length, isEnd] = taken;
    hear(id, stream, Buffer.from(scratch.subarray(0, length)), isEnd);
    if (isEnd) return;
  }
}

function create(id: number, sent?: Buffer): Stream {
  const stream: Stream = {
    rest: sent ?? Buffer.alloc(0),
    isEnding: sent !== undefined,
    sent,
    received: [],
    lastByteMs: 0,
  };
  streams.set(id, stream);
  return stream;
}

function hear(id: number, stream: Stream, bytes: Buffer, isEnd: boolean): void {
  if (!stream.sent) {
    stream.rest = Buffer.concat([stream.rest, bytes]);
    stream.isEnding = isEnd;
    return;
  }
  stream.received.push(bytes);
  if (bytes.length > 0) stream.lastByteMs = performance.now();
  if (!isEnd) return;
  if (!Buffer.concat(stream.received).equals(stream.sent)) throw new Error("the echo differs");
  const laterMs = performance.now() - stream.lastByteMs;
  say(`echoed ${stream.sent.length}, and the end ${laterMs.toFixed(1)} ms later`);
  streams.delete(id);
}

function write(live: Connection, id: number, stream: Stream): void {
  if (stream.rest.length === 0 && !stream.isEnding) return;
  const taken = live.streamSend(id, stream.rest, stream.isEnding);
  if (taken === null) return;
  stream.rest = stream.rest.subarray(taken);
  if (stream.rest.length > 0 || !stream.isEnding) return;
  stream.isEnding = false;
  if (!stream.sent) streams.delete(id);
}

function flush(live: Connection): void {
  for (let sent; (sent = live.send(scratch));)
    socket.send(Buffer.from(scratch.subarray(0, sent[0])), relay.port, relay.host);
  clearTimeout(timer);
  const timeoutMs = live.timeout();
  if (timeoutMs === null) return;
  timer = setTimeout(() => {
    live.onTimeout();
    progress();
  }, timeoutMs);
}

function end(live: Connection): void {
  const error = live.peerError() ?? live.localError();
  say(`closed: ${error ? `${error.errorCode} ${Buffer.from(error.reason).toString()}` : "silence"}`);
  process.exit(0);
}

function obey([command, argument]: string[]): void {
  if (command === "echo") create((nextStream += 4) - 4, randomBytes(Number(argument)));
  if (command === "close") connection!.close(true, 0, new Uint8Array());
  if (command === "change-id") changeId(connection!);
  progress();
}

/** Retires the connection ID in use, so that quiche takes another. */
function changeId(live: Connection): void {
  live.retireDestinationCid(retired++);
  say(`id ${retired}`);
}

socket.bind(0, "127.0.0.1");
await once(socket, "listening");
socket.on("message", receive);
createInterface(process.stdin).on("line", (line) => obey(line.split(" ")));
if (isDialer) {
  connection = quiche.Connection.connect(undefined, nextId(), local(), relay, createConfig());
  progress();
} else {
  // The proxy between this program and the relay learns its address.
  socket.send(Buffer.alloc(1), relay.port, relay.host);
}
