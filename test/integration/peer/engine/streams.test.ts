import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { connectPair, lose, move, openStream, readOn, type Side, talk, tick } from "./pair.ts";

const nothing = new Uint8Array();
const data = Buffer.from("all of it");
const allRead = { bytes: data.length, hasEnded: true };

describe("a stream of the QUIC engine", () => {
  it("ends for the other side with the packet that tells it", async () => {
    const { client, server } = await connectPair();
    const id = openStream(client);
    client.engine.streamSend(id, data, false);
    move(client, server);
    expect(server.told).toContain("onOpened bidirectional");
    const reading = readOn(server, id);
    expect(reading).toEqual({ bytes: 9, hasEnded: false });
    client.engine.streamSend(id, nothing, true);
    move(client, server);
    expect(server.told).toContain(`onReadable ${id}`);
    expect(readOn(server, id, reading)).toEqual(allRead);
  });

  it("ends for the other side after the packet that tells it got lost", async () => {
    const pair = await connectPair();
    const { client, server } = pair;
    const id = openStream(client);
    client.engine.streamSend(id, data, false);
    move(client, server);
    client.engine.streamSend(id, nothing, true);
    lose(client);
    move(server, client);
    const reading = readOn(server, id);
    await talk(pair, () => readOn(server, id, reading).hasEnded);
    expect(reading).toEqual(allRead);
  });

  it("is reset with a code", async () => {
    const { client, server } = await connectPair();
    const id = openStream(client);
    client.engine.streamSend(id, data, false);
    client.engine.streamAbort(id, "write", 7);
    move(client, server);
    expect(server.engine.streamReceive(id, Buffer.alloc(10))).toEqual({ abortedWith: 7 });
  });

  it("is stopped with a code", async () => {
    const { client, server } = await connectPair();
    const id = openStream(client);
    client.engine.streamSend(id, data, false);
    move(client, server);
    server.engine.streamAbort(id, "read", 9);
    move(server, client);
    expect(client.told).toContain(`onStopped ${id} 9`);
  });

  it("is silent, not aborted, while only a later one of its kind has come", async () => {
    const pair = await connectPair();
    const { client, server } = pair;
    const [lost, arrived] = [openStream(client), openStream(client)];
    client.engine.streamSend(lost, data, true);
    lose(client);
    client.engine.streamSend(arrived, data, true);
    move(client, server);
    expect(server.engine.streamReceive(lost, Buffer.alloc(10))).toBeUndefined();
    expect(readOn(server, arrived)).toEqual(allRead);
    const reading = readOn(server, lost);
    await talk(pair, () => readOn(server, lost, reading).hasEnded);
    expect(reading).toEqual(allRead);
  });

  it("takes as much as the connection's window allows, and tells when it takes more", async () => {
    const pair = await connectPair({}, { flowWindowBytes: 50_000, connectionWindowBytes: 5000 });
    const { client, server } = pair;
    const [id, other] = [openStream(client), openStream(client)];
    expect(client.engine.streamSend(other, Buffer.alloc(3000), true)).toBe(3000);
    expect(client.engine.streamSend(id, Buffer.alloc(4000), true)).toBe(2000);
    // Room for the connection, not for this stream, whose own window is still wide.
    await talk(pair, () => readOn(server, other).hasEnded);
    await talk(pair, () => client.told.includes(`onWritable ${id}`));
    expect(client.told).toContain(`onWritable ${id}`);
    expect(client.engine.streamSend(id, Buffer.alloc(2000), true)).toBeGreaterThan(0);
  });

  it("takes as much as its window allows, and tells when it takes more", async () => {
    const pair = await connectPair({}, { flowWindowBytes: 5000 });
    const { client, server } = pair;
    const id = openStream(client);
    expect(client.engine.streamSend(id, Buffer.alloc(20_000), true)).toBe(5000);
    expect(client.engine.streamSend(id, Buffer.alloc(15_000), true)).toBeUndefined();
    const reading = { bytes: 0, hasEnded: false };
    await talk(pair, () => readOn(server, id, reading).bytes === 5000);
    await talk(pair, () => client.told.includes(`onWritable ${id}`));
    expect(client.engine.streamSend(id, Buffer.alloc(15_000), true)).toBeGreaterThan(0);
  });

  it.each([1, 2, 3, 4])("ends whatever gets lost (seed %i)", async (seed) => {
    const random = seeded(seed);
    const pair = await connectPair();
    const { client, server } = pair;
    const streams = [0, 4, 8].flatMap(() => {
      const id = openStream(client);
      client.engine.streamSend(id, data, false);
      return [oneWay(id, client, server, 1), oneWay(id, server, client, 0)];
    });
    move(client, server);
    for (const [from, to] of [[client, server] as const, [server, client] as const])
      streams.push(oneWay(from.engine.openStream("unidirectional")!, from, to, 0));
    const isDone = (): boolean => streams.every(({ reading }) => reading.hasEnded);
    for (let turn = 0; turn < 5000 && !isDone(); turn++) {
      await sleep(1);
      tick(client);
      tick(server);
      if (random() < 0.7) move(client, server, () => turn < 50 && random() < 0.3);
      if (random() < 0.7) move(server, client, () => turn < 50 && random() < 0.3);
      for (const { id, to, reading } of streams) readOn(to, id, reading);
      for (const stream of streams) if (random() < 0.2) writeOn(stream, random() < 0.4);
    }
    const wrong = streams.filter(({ reading, writes }) => reading.bytes !== writes * data.length);
    expect(isDone()).toBe(true);
    expect(wrong).toEqual([]);
  });
});

interface OneWay {
  readonly id: number;
  readonly from: Side;
  readonly to: Side;
  readonly reading: { bytes: number; hasEnded: boolean };
  writes: number;
  isEnded: boolean;
}

/** One direction of a stream, and what became of it. */
function oneWay(id: number, from: Side, to: Side, writes: number): OneWay {
  return { id, from, to, writes, isEnded: false, reading: { bytes: 0, hasEnded: false } };
}

/** Writes once more, or the end. */
function writeOn(stream: OneWay, isEnd: boolean): void {
  if (stream.isEnded) return;
  const taken = stream.from.engine.streamSend(stream.id, isEnd ? nothing : data, isEnd);
  if (typeof taken !== "number") return;
  if (isEnd) stream.isEnded = true;
  else stream.writes++;
}

/** A number generator whose numbers are the same for the same seed (a linear congruential one). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}

it("the other side may be allowed another number of streams", async () => {
  const { client, server } = await connectPair({}, { maxStreams: 1 });
  openStream(client);
  expect(client.engine.openStream("bidirectional")).toBeUndefined();
  server.engine.allowStreams("bidirectional", 2);
  move(server, client);
  expect(client.told).toContain("onAllowed bidirectional");
  expect([openStream(client), client.engine.openStream("bidirectional")]).toEqual([4, undefined]);
});
