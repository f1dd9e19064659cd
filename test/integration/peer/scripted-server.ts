import { randomBytes } from "node:crypto";
import { onTestFinished } from "vitest";
import { deafListener } from "../../../src/peer/engine/deaf.ts";
import type {
  CertificateDemand,
  EngineConnection,
  EngineEnd,
  StreamKind,
} from "../../../src/peer/engine/contract.ts";
import { loadEngine } from "../../../src/peer/engine/engine.ts";
import { testCertificate } from "../harness/certificate.ts";
import { openSocket } from "../harness/udp-peer.ts";

/** What a scripted server can do. */
export interface ServerActs {
  /** Opens a stream, if the client allows one more, and begins it with these bytes. Returns its ID. */
  open(kind: StreamKind, bytes: Uint8Array): number | undefined;
  send(id: number, bytes: Uint8Array, hasEnded?: boolean): void;
  reset(id: number, errorCode: number): void;
  /** Does something in each turn from now on. */
  repeat(act: () => void): void;
  close(errorCode: number, reason: string): void;
}

/** Says what to do about a request. */
export type Script = (acts: ServerActs, requestId: number) => void;

/** A server that does the handshake of HTTP/3 with one client, and then what its script says. */
export interface ScriptedServer {
  /** UDP port. */
  readonly port: number;
  /** Resolves when the connection is over. */
  readonly ended: Promise<EngineEnd>;
  /** Returns the bytes that QUIC has taken from the script to send. */
  sentBytes(): number;
  /** Returns how many requests have come. */
  requests(): number;
}

/**
 * Starts a server, which is closed when the test ends. It sends no settings of its own accord, and reads nothing.
 *
 * @param demand what it demands of the client's certificate.
 */
export async function startScriptedServer(
  script: Script,
  demand: CertificateDemand = { kind: "none" },
  alpn: readonly string[] = ["h3"],
): Promise<ScriptedServer> {
  const socket = await openSocket();
  const [buffer, repeated] = [Buffer.alloc(1472), [] as (() => void)[]];
  const ended = Promise.withResolvers<EngineEnd>();
  let [remotePort, sentBytes, requests] = [0, 0, 0];
  const connection = loadEngine().accept({
    cidKey: randomBytes(32),
    cidLimit: 100,
    identity: await testCertificate(),
    demand,
    isJudged: false,
    alpn,
    idleTimeoutMs: 30_000,
    maxUdpPayloadBytes: 1200,
    flowWindowBytes: 1 << 20,
    maxStreams: 100,
    datagramQueueBytes: 0,
  });
  const acts = actsOn(connection, repeated, (bytes) => (sentBytes += bytes));
  const listener = {
    ...deafListener,
    onEnded: () => ended.resolve(connection.end()!),
    onOpened: (kind: StreamKind) => {
      for (let id; (id = connection.acceptStream(kind)) !== undefined;)
        if (kind === "bidirectional") script(acts, (requests++, id));
    },
  };
  const turn = (): void => {
    if ((connection.timeoutMs() ?? 1) <= 0) connection.onTimeout();
    connection.poll(listener);
    for (const act of repeated) act();
    for (let length = 0; (length = connection.send(buffer)) > 0;)
      socket.send(Buffer.from(buffer.subarray(0, length)), remotePort, "127.0.0.1");
  };
  socket.on("message", (datagram, { port }) => {
    remotePort = port;
    connection.receive(datagram);
    turn();
  });
  const timer = setInterval(turn, 5);
  onTestFinished(() => clearInterval(timer));
  return {
    port: socket.address().port,
    ended: ended.promise,
    sentBytes: () => sentBytes,
    requests: () => requests,
  };
}

function actsOn(
  connection: EngineConnection,
  repeated: (() => void)[],
  count: (bytes: number) => void,
): ServerActs {
  const send = (id: number, bytes: Uint8Array, hasEnded = false): void => {
    const taken = connection.streamSend(id, bytes, hasEnded);
    if (typeof taken === "number") count(taken);
  };
  return {
    send,
    open(kind, bytes) {
      const id = connection.openStream(kind);
      if (id !== undefined) send(id, bytes);
      return id;
    },
    reset: (id, errorCode) => connection.streamAbort(id, "write", errorCode),
    repeat: (act) => void repeated.push(act),
    close: (errorCode, reason) => connection.close(errorCode, reason),
  };
}
