import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { EngineConnection, EngineOptions, StreamRead } from "../../../src/peer/engine-contract.ts";
import { loadEngine } from "../../../src/peer/engine.ts";
import { createIdentity } from "../../../src/peer/index.ts";

const [a, b] = [
  { address: "127.0.0.1", port: 1 },
  { address: "127.0.0.1", port: 2 },
];

function connectionId(): Buffer {
  const id = randomBytes(12);
  id[0]! &= 0x7f;
  return id;
}

/** Moves what one side has to say to the other, or loses it. */
function move(from: EngineConnection, to: EngineConnection | "lost"): void {
  const buffer = Buffer.alloc(1500);
  for (let length = 0; (length = from.send(buffer)) > 0;)
    if (to !== "lost") to.receive(Buffer.from(buffer.subarray(0, length)));
}

/** Two connections of the real engine, with nothing in between but this test. */
async function connectPair(): Promise<{ client: EngineConnection; server: EngineConnection }> {
  const engine = await loadEngine();
  const options: EngineOptions = {
    identity: await createIdentity(),
    demand: { kind: "none" },
    alpn: "test",
    idleTimeoutMs: 30_000,
    maxUdpPayloadBytes: 1200,
    flowWindowBytes: 1 << 20,
    maxStreams: 10,
    datagramQueue: 10,
    activeConnectionIdLimit: 4,
  };
  const client = engine.connect(options, { sourceId: connectionId(), local: a!, remote: b! });
  const server = engine.accept(options, { sourceId: connectionId(), local: b!, remote: a! });
  for (let flight = 0; flight < 4; flight++) {
    move(client, server);
    move(server, client);
  }
  expect([client.isEstablished(), server.isEstablished()]).toEqual([true, true]);
  return { client, server };
}

describe("the QUIC engine", () => {
  it("tells the end of a stream that comes again with data that was read already", async () => {
    const { client, server } = await connectPair();
    const scratch = Buffer.alloc(100);
    client.streamSend(0, Buffer.from("all of it"), false);
    move(client, server);
    expect(server.streamReceive(0, scratch)).toEqual({ bytes: 9, fin: false });
    move(server, "lost"); // the acknowledgement
    client.streamSend(0, new Uint8Array(), true);
    move(client, "lost"); // the end by itself; data and end are sent again together
    let end: StreamRead | undefined;
    for (let turn = 0; turn < 200 && !end; turn++) {
      await sleep(10);
      if ((client.timeoutMs() ?? 1) <= 0) client.onTimeout();
      move(client, server);
      move(server, client);
      end = server.streamReceive(0, scratch) as StreamRead | undefined;
    }
    expect(end).toEqual({ bytes: 0, fin: true });
  });
});
