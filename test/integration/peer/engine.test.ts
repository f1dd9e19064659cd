import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { EngineConnection } from "../../../src/peer/engine/contract.ts";
import { connectPair, type EnginePair, lose, move, type Reading, readOn, tick } from "./engine-pair.ts";

const nothing = new Uint8Array();
const data = Buffer.from("all of it");

/** Lets both sides talk, with nothing lost, until `isDone` or for two seconds. */
async function talk({ client, server }: EnginePair, isDone: () => boolean): Promise<void> {
  for (let turn = 0; turn < 200 && !isDone(); turn++) {
    await sleep(10);
    tick(client);
    tick(server);
    move(client, server);
    move(server, client);
  }
}

/** Lets both sides talk, and tells what one of them can read of a stream. */
async function readAll(pair: EnginePair, from: EngineConnection, id: number): Promise<string> {
  const reading = readOn(from, id, { bytes: 0, hasEnded: false });
  await talk(pair, () => readOn(from, id, reading).hasEnded);
  return `${reading.bytes} bytes${reading.hasEnded ? " and the end" : ""}`;
}

/** A number generator whose numbers are the same for the same seed (a linear congruential one). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}

describe("the QUIC engine", () => {
  it("tells an end that is given while the acknowledgement of all data is on its way", async () => {
    const pair = await connectPair();
    const { client, server } = pair;
    client.streamSend(2, data, false);
    move(client, server);
    client.streamSend(2, nothing, true);
    move(server, client);
    expect(await readAll(pair, server, 2)).toBe("9 bytes and the end");
  });

  it("tells an end that is given then and gets lost", async () => {
    const pair = await connectPair();
    const { client, server } = pair;
    client.streamSend(2, data, false);
    move(client, server);
    client.streamSend(2, nothing, true);
    lose(client);
    move(server, client);
    expect(await readAll(pair, server, 2)).toBe("9 bytes and the end");
  });

  it("tells an end that gets lost while the other side ends the stream too", async () => {
    const pair = await connectPair();
    const { client, server } = pair;
    client.streamSend(0, data, false);
    move(client, server);
    move(server, client);
    client.streamSend(0, nothing, true);
    lose(client);
    server.streamSend(0, data, true);
    move(server, client);
    const theirs = readOn(client, 0, { bytes: 0, hasEnded: false });
    expect(await readAll(pair, server, 0)).toBe("9 bytes and the end");
    await talk(pair, () => readOn(client, 0, theirs).hasEnded);
    expect(theirs).toEqual({ bytes: 9, hasEnded: true });
  });

  it("tells an end that is given while data before it has to be sent again", async () => {
    const pair = await connectPair();
    const { client, server } = pair;
    client.streamSend(2, data, false);
    lose(client);
    for (let packet = 0; packet < 4; packet++) {
      client.streamSend(2, data, false);
      move(client, server);
    }
    move(server, client);
    client.streamSend(2, nothing, true);
    expect(await readAll(pair, server, 2)).toBe("45 bytes and the end");
  });

  it("tells an end in time although the line never falls quiet", async () => {
    const pair = await connectPair();
    const { client, server } = pair;
    client.streamSend(2, data, false);
    move(client, server);
    client.streamSend(2, nothing, true);
    const reading = { bytes: 0, hasEnded: false };
    const startedMs = performance.now();
    while (!readOn(server, 2, reading).hasEnded && performance.now() - startedMs < 10_000) {
      await sleep(2);
      client.ping();
      move(server, client);
      client.ping();
      move(client, server);
      expect(client.isQuiet()).toBe(false);
    }
    expect(reading).toEqual({ bytes: 9, hasEnded: true });
  });

  it("tells the end of a stream that comes again with data that was read already", async () => {
    const pair = await connectPair();
    const { client, server } = pair;
    client.streamSend(0, data, false);
    move(client, server);
    const reading = readOn(server, 0, { bytes: 0, hasEnded: false });
    lose(server); // the acknowledgement
    client.streamSend(0, nothing, true);
    // The line is so busy that the end goes out by itself; data and end are then sent again together.
    for (let turn = 0; turn < 60; turn++) {
      await sleep(2);
      server.ping();
      move(server, client);
      lose(client);
    }
    await talk(pair, () => readOn(server, 0, reading).hasEnded);
    expect(reading).toEqual({ bytes: 9, hasEnded: true });
  });

  it("tells an end that is given in an outage so long that probes are far apart", async () => {
    const pair = await connectPair(4000);
    const { client, server } = pair;
    client.streamSend(2, data, false);
    move(client, server);
    lose(server); // the acknowledgement
    const startedMs = performance.now();
    while (performance.now() - startedMs < 3000 && client.timeoutMs()! < 1000) {
      await sleep(10);
      tick(client);
      lose(client);
    }
    expect(client.isQuiet()).toBe(false);
    client.streamSend(2, nothing, true);
    lose(client);
    server.ping();
    move(server, client);
    expect(await readAll(pair, server, 2)).toBe("9 bytes and the end");
  });

  it("is quiet when all has arrived or is lost, also if its timer was asked a moment too early", async () => {
    const { client, server } = await connectPair();
    client.ping();
    lose(client);
    client.streamSend(2, data, false);
    move(client, server);
    move(server, client);
    // The first packet counts as lost in about a millisecond, which the engine tells as none.
    for (let turn = 0; turn < 100 && !client.isQuiet(); turn++) {
      tick(client);
      await sleep(1);
    }
    expect(client.isQuiet()).toBe(true);
  });

  it("takes a stream for silent, not for aborted, while only a later one of its kind has opened", async () => {
    const pair = await connectPair();
    const { client, server } = pair;
    client.streamSend(0, data, true);
    lose(client);
    client.streamSend(4, data, true);
    move(client, server);
    expect(server.streamReceive(0, Buffer.alloc(10))).toBeUndefined();
    expect(server.streamSend(0, nothing, false)).toBeUndefined();
    expect(server.streamSend(0, nothing, true)).toBeUndefined();
    expect(await readAll(pair, server, 4)).toBe("9 bytes and the end");
    expect(await readAll(pair, server, 0)).toBe("9 bytes and the end");
  });

  it.each([1, 2, 3, 4, 5, 6])("tells every end, whatever gets lost (seed %i)", async (seed) => {
    const random = seeded(seed);
    const { client, server } = await connectPair();
    const streams: OneWay[] = [];
    for (const id of [0, 4, 8]) {
      client.streamSend(id, data, false);
      streams.push(oneWay(id, client, server, 1), oneWay(id, server, client, 0));
    }
    move(client, server);
    streams.push(oneWay(2, client, server, 0), oneWay(3, server, client, 0));
    const isDone = (): boolean => streams.every(({ reading }) => reading.hasEnded);
    for (let turn = 0; turn < 1000 && !isDone(); turn++) {
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

/** One direction of a stream, and what became of it. */
interface OneWay {
  readonly id: number;
  readonly from: EngineConnection;
  readonly to: EngineConnection;
  readonly reading: Reading;
  writes: number;
  isEnded: boolean;
}

function oneWay(id: number, from: EngineConnection, to: EngineConnection, writes: number): OneWay {
  return { id, from, to, writes, isEnded: false, reading: { bytes: 0, hasEnded: false } };
}

/** Writes once more, or the end. */
function writeOn(stream: OneWay, isEnd: boolean): void {
  if (stream.isEnded) return;
  const taken = stream.from.streamSend(stream.id, isEnd ? nothing : data, isEnd);
  if (taken === undefined) return;
  if (isEnd) stream.isEnded = true;
  else stream.writes++;
}
