import { randomBytes } from "node:crypto";
import { expect } from "vitest";
import type { EngineConnection, EngineOptions } from "../../../src/peer/engine/contract.ts";
import { loadEngine } from "../../../src/peer/engine/engine.ts";
import { createIdentity } from "../../../src/peer/index.ts";

const clientAddress = { address: "127.0.0.1", port: 1 };
const serverAddress = { address: "127.0.0.1", port: 2 };
const scratch = Buffer.alloc(1 << 16);

/** Two connections of the real engine, with nothing in between but the test. */
export interface EnginePair {
  readonly client: EngineConnection;
  readonly server: EngineConnection;
}

/** Makes two connections and brings them through the handshake. */
export async function connectPair(idleTimeoutMs = 30_000): Promise<EnginePair> {
  const engine = await loadEngine();
  const options: EngineOptions = {
    identity: await createIdentity(),
    demand: { kind: "none" },
    alpn: ["test"],
    idleTimeoutMs,
    maxUdpPayloadBytes: 1200,
    flowWindowBytes: 1 << 20,
    maxStreams: 10,
    datagramQueue: 10,
    activeConnectionIdLimit: 4,
  };
  const [local, remote] = [clientAddress, serverAddress];
  const client = engine.connect(options, { sourceId: connectionId(), local, remote });
  const server = engine.accept(options, { sourceId: connectionId(), local: remote, remote: local });
  for (let flight = 0; flight < 4; flight++) {
    move(client, server);
    move(server, client);
  }
  expect([client.isEstablished(), server.isEstablished()]).toEqual([true, true]);
  return { client, server };
}

function connectionId(): Buffer {
  const id = randomBytes(12);
  id[0]! &= 0x7f;
  return id;
}

/** Moves what one side has to say to the other, but for what gets lost. */
export function move(
  from: EngineConnection,
  to: EngineConnection,
  isLost: (() => boolean) | undefined = undefined,
): void {
  const buffer = Buffer.alloc(1500);
  const arrived: Buffer[] = [];
  for (let length = 0; (length = from.send(buffer)) > 0;)
    if (!isLost?.()) arrived.push(Buffer.from(buffer.subarray(0, length)));
  for (const datagram of arrived) to.receive(datagram);
}

/** Lets one side say what it has to say in vain. */
export function lose(from: EngineConnection): void {
  move(from, from, () => true);
}

/** Lets time go by for one side, if it is time. */
export function tick(connection: EngineConnection): void {
  if ((connection.timeoutMs() ?? 1) <= 0) connection.onTimeout();
}

/** What one side has read from a stream so far. */
export interface Reading {
  bytes: number;
  hasEnded: boolean;
}

/** Reads what there is. */
export function readOn(connection: EngineConnection, id: number, reading: Reading): Reading {
  while (!reading.hasEnded) {
    const read = connection.streamReceive(id, scratch);
    if (!read) break;
    expect(read).not.toHaveProperty("abortedWith");
    if ("abortedWith" in read) break;
    reading.bytes += read.bytes;
    reading.hasEnded = read.fin;
  }
  return reading;
}
