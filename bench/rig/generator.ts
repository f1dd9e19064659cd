/**
 * The load: a process that sends QUIC short-header packets as fast as it can to one port on loopback, and
 * owns the sink that they are to arrive at.
 */
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { randomBytes } from "node:crypto";
import { cidBytes } from "../../src/wire/connection-id.ts";
import { packetBytes } from "./packet.ts";

/** What the harness orders; times in ms. */
export type Load =
  | { readonly check: { readonly port: number; readonly packets: number } }
  | { readonly flood: { readonly port: number; readonly ms: number } };

/** What the generator sends back. */
export interface LoadReport {
  /** First of all: where it is, and the connection IDs that it will use, back to back. */
  readonly hello?: { readonly sourcePort: number; readonly sinkPort: number; readonly cids: Uint8Array };
  /** Packets of a check that arrived unchanged. */
  readonly arrived?: number;
  /** Packets of a flood. */
  readonly sent?: number;
}

const host = "127.0.0.1";

const cidCount = 32;
/** Packets sent before the event loop gets its turn. */
const burst = 64;
/** Packets in flight in a check: few enough for any socket buffer. */
const checkBatch = 8;
const checkTimeoutMs = 1000;

const [source, sink] = await Promise.all([bound(), bound()]);
const packets: Buffer[] = Array.from({ length: cidCount }, shortHeaderPacket);
const cids: Uint8Array = Buffer.concat(packets.map((packet) => packet.subarray(1, 1 + cidBytes)));
let received: Buffer[] | undefined;
sink.on("message", (datagram) => void received?.push(datagram));

process.on("message", async (load: Load) => {
  if ("check" in load) report({ arrived: await check(load.check.port, load.check.packets) });
  else report({ sent: await flood(load.flood.port, load.flood.ms) });
});
process.on("disconnect", () => process.exit());
report({ hello: { sourcePort: source.address().port, sinkPort: sink.address().port, cids } });

/** Sends distinct packets, a few at a time, and counts those that arrive at the sink byte for byte. */
async function check(port: number, count: number): Promise<number> {
  let arrived = 0;
  for (let i = 0; i < count; i += checkBatch) {
    const sent = Array.from({ length: checkBatch }, () => varied(packets[i % cidCount]!));
    received = [];
    for (const packet of sent) source.send(packet, port, host);
    const deadline = Date.now() + checkTimeoutMs;
    while (received.length < checkBatch && Date.now() < deadline)
      await new Promise((resolve) => setImmediate(resolve));
    const seen = new Set(received.map((packet) => packet.toString("latin1")));
    arrived += sent.filter((packet) => seen.has(packet.toString("latin1"))).length;
  }
  received = undefined;
  return arrived;
}

async function flood(port: number, ms: number): Promise<number> {
  const end = performance.now() + ms;
  let sent = 0;
  while (performance.now() < end) {
    for (let i = 0; i < burst; i++) source.send(packets[sent++ % cidCount]!, port, host);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return sent;
}

async function bound(): Promise<Socket> {
  const socket = createSocket({ type: "udp4", lookup: (literal, _options, done) => done(null, literal, 4) });
  // Before the bind: with a synchronous lookup it emits at once.
  const listening = once(socket, "listening");
  socket.bind(0, host);
  await listening;
  return socket;
}

function shortHeaderPacket(): Buffer {
  const packet = randomBytes(packetBytes);
  packet[0] = 0x40;
  packet[1]! &= 0x7f;
  return packet;
}

function varied(packet: Buffer): Buffer {
  const tail = packetBytes - 1 - cidBytes;
  return Buffer.concat([packet.subarray(0, 1 + cidBytes), randomBytes(tail)]);
}

function report(message: LoadReport): void {
  process.send?.(message);
}
