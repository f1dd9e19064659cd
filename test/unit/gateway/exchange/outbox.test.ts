import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import {
  minResponseBytes,
  outboxIdleMs,
  outboxSettleBytes,
  outboxSettleMs,
  stallTimeoutMs,
} from "../../../../src/defaults/index.ts";
import { Budget } from "../../../../src/gateway/budget/budget.ts";
import type { Room } from "../../../../src/gateway/budget/room.ts";
import { Outbox, type Piece } from "../../../../src/gateway/exchange/outbox.ts";

/** A connection that sends and acknowledges when it is told to. */
class FakeConnection {
  bytesOut = 0;
  pings: ((error: Error | null) => void)[] = [];

  ping(onAcknowledged: (error: Error | null) => void): void {
    this.pings.push(onAcknowledged);
  }

  getMetrics(): { bytesOut: number } {
    return { bytesOut: this.bytesOut };
  }

  /** Sends so many bytes, and has the peer acknowledge them. */
  send(bytes: number): void {
    this.bytesOut += bytes;
    for (const ping of this.pings.splice(0)) ping(null);
  }
}

const limitBytes = 10 * minResponseBytes;

interface Bench {
  readonly connection: FakeConnection;
  readonly outbox: Outbox;
  readonly room: Room;
  readonly budget: Budget;
  readonly clock: { nowMs: number };
}

function bench(): Bench {
  const connection = new FakeConnection();
  const budget = new Budget({ maxConnectionOutboxBytes: limitBytes });
  const share = budget.connect("192.0.2.1")!;
  const clock = { nowMs: 0 };
  const outbox = new Outbox(connection, share, { onCrowded: () => undefined, now: () => clock.nowMs });
  // What is unsent is asked about until then, in the tests after this one too.
  onTestFinished(() => outbox.close());
  return { connection, outbox, room: share.outbox, budget, clock };
}

function piece(bytes: number): Piece & { sent: number } {
  const made = {
    bytes,
    sent: 0,
    onSent: (sent: number) => void (made.sent += sent),
  };
  return made;
}

describe("response bytes in the HTTP library", () => {
  it("is believed to be sent when the connection has sent as much and the peer acknowledges something", async () => {
    const { connection, outbox, clock } = bench();
    const one = piece(1000);
    await outbox.add(one);
    expect(connection.pings).toHaveLength(0);
    outbox.settle();
    expect(one.sent).toBe(0);
    connection.send(600);
    expect([one.sent, one.bytes]).toEqual([600, 400]);
    clock.nowMs += outboxSettleMs;
    outbox.settle();
    connection.send(600);
    expect([one.sent, one.bytes]).toEqual([1000, 0]);
    outbox.settle();
    expect(connection.pings).toHaveLength(0);
  });

  it("is believed to be sent in what came last where flow control holds something back", async () => {
    const { connection, outbox } = bench();
    const [held, other] = [piece(5000), piece(1000)];
    await outbox.add(held);
    await outbox.add(other);
    outbox.settle();
    connection.send(1000);
    expect([held.sent, other.sent]).toEqual([0, 1000]);
  });

  it("is asked for once in a while, however often the outbox is told to ask", async () => {
    const { connection, outbox, clock } = bench();
    await outbox.add(piece(1000));
    outbox.settle();
    connection.send(1);
    for (; clock.nowMs < outboxSettleMs - 1; clock.nowMs++) outbox.settle();
    expect(connection.pings).toHaveLength(0);
    // Then by itself.
    clock.nowMs += outboxSettleMs;
    await expect.poll(() => connection.pings).toHaveLength(1);
  });

  it("is asked for by itself once it is more than a little", async () => {
    const { connection, outbox } = bench();
    await outbox.add(piece(outboxSettleBytes));
    expect(connection.pings).toHaveLength(1);
  });

  it("leaves no room for more over its limit until some of it is sent", async () => {
    const { connection, outbox } = bench();
    await outbox.add(piece(limitBytes));
    const hasRoom = vi.fn();
    const waiting = outbox.add(piece(1)).then(hasRoom);
    await Promise.resolve();
    expect(hasRoom).not.toHaveBeenCalled();
    connection.send(limitBytes);
    await waiting;
    expect(hasRoom).toHaveBeenCalled();
  });

  it("says when it has room for a short response", async () => {
    const { connection, outbox } = bench();
    await outbox.room({});
    await outbox.add(piece(limitBytes));
    expect(outbox.isFull).toBe(true);
    const hasRoom = vi.fn();
    const waiting = outbox.room({}).then(hasRoom);
    await new Promise(setImmediate);
    expect(hasRoom).not.toHaveBeenCalled();
    connection.send(limitBytes);
    await waiting;
    expect(outbox.isFull).toBe(false);
  });

  it("ends the wait of an asker that stops waiting", async () => {
    const { outbox, room } = bench();
    await outbox.add(piece(limitBytes));
    const [asker, late] = [{}, piece(1)];
    const waits = [outbox.room(asker), outbox.add(late)];
    outbox.stopWaiting(asker);
    outbox.remove(late);
    await Promise.all(waits);
    expect(room.heldBytes).toBe(limitBytes);
  });

  it("counts, a little for the least piece, until it is sent or its stream is gone", async () => {
    const { connection, outbox, room } = bench();
    const [one, two] = [piece(1), piece(1)];
    await outbox.add(one);
    await outbox.add(two);
    expect(room.heldBytes).toBe(2 * minResponseBytes);
    outbox.remove(one);
    outbox.remove(one);
    outbox.settle();
    connection.send(1);
    expect(room.heldBytes).toBe(0);
  });

  it("has no waits after the connection's end", async () => {
    const { outbox } = bench();
    await outbox.add(piece(limitBytes));
    const waiting = outbox.add(piece(1));
    outbox.close();
    await waiting;
    await outbox.add(piece(1));
  });

  it("is what was handed over before the question, not after it", async () => {
    const { connection, outbox, clock } = bench();
    const [before, after] = [piece(1000), piece(1000)];
    await outbox.add(before);
    outbox.settle();
    await outbox.add(after);
    connection.send(2000);
    expect([before.sent, after.sent]).toEqual([1000, 0]);
    // What came later went out with it, and is believed the next time.
    clock.nowMs += outboxSettleMs;
    outbox.settle();
    connection.send(0);
    expect(after.sent).toBe(1000);
  });
});

it("a piece that waits for room is counted once, by the limit that it met", async () => {
  const { connection, outbox, room, budget } = bench();
  await outbox.add(piece(limitBytes));
  const waiting = outbox.add(piece(1));
  // Asks again whether there is room.
  outbox.sweep();
  await new Promise(setImmediate);
  expect(budget.stats().refused).toEqual({ "outbox-connection": 1 });
  connection.send(limitBytes);
  await waiting;
  expect(budget.stats().refused).toEqual({ "outbox-connection": 1 });
  expect(room.heldBytes).toBe(minResponseBytes);
});

describe("a client's pace", () => {
  it("is that of all pieces together, each byte of which buys time", async () => {
    const { connection, outbox, clock } = bench();
    const pieces = Array.from({ length: 5 }, () => piece(9000));
    for (const each of pieces) await outbox.add(each);
    for (; clock.nowMs < 30_000; clock.nowMs += 1000) {
      expect(outbox.isTooSlow(clock.nowMs)).toBe(false);
      outbox.settle();
      connection.send(1200);
      await sleep(outboxSettleMs + 1);
    }
    // The first piece has waited for longer than any may that waits alone.
    expect(pieces[0]!.sent).toBe(0);
  });

  it("runs out where nothing is sent, and is fresh again once all is", async () => {
    const { connection, outbox, clock } = bench();
    await outbox.add(piece(1000));
    clock.nowMs = stallTimeoutMs - 1;
    expect([outbox.isTooSlow(clock.nowMs), outbox.idleMs(clock.nowMs)]).toEqual([false, clock.nowMs]);
    expect(outbox.isTooSlow(stallTimeoutMs)).toBe(true);
    outbox.settle();
    connection.send(1100);
    expect([outbox.isTooSlow(1e9), outbox.idleMs(1e9)]).toEqual([false, 0]);
  });

  it("counts nothing that was sent before the first piece, such as a handshake", async () => {
    const { connection, outbox } = bench();
    connection.bytesOut = 20_000;
    const one = piece(5000);
    await outbox.add(one);
    outbox.settle();
    connection.send(100);
    expect(one.sent).toBe(100);
  });
});

/** How long a client has been idle that takes so many bytes each second, in ms. */
async function idleMsAfter(seconds: number, bytes: number): Promise<number> {
  const { connection, outbox, clock } = bench();
  await outbox.add(piece(9 * minResponseBytes));
  for (let i = 0; i < seconds; i++) {
    clock.nowMs += 1000;
    outbox.sweep();
    connection.send(bytes);
    await sleep(outboxSettleMs + 1);
  }
  return outbox.idleMs(clock.nowMs);
}

describe("a client's idleness", () => {
  it("lasts on while it takes a byte now and then", async () => {
    expect(await idleMsAfter(5, 1)).toBe(5000);
    expect(await idleMsAfter(5, 200)).toBe(5000);
  });

  it("ends with each short response's bytes", async () => {
    expect(await idleMsAfter(4, minResponseBytes / 2)).toBe(0);
    expect(await idleMsAfter(5, minResponseBytes / 2)).toBe(1000);
  });

  it("is no longer than the oldest response has waited, such as an event", async () => {
    const { connection, outbox, clock } = bench();
    for (; clock.nowMs < 3 * outboxIdleMs; clock.nowMs += 100) {
      await outbox.add(piece(50));
      outbox.settle();
      await outbox.add(piece(50));
      connection.send(50);
      connection.send(50);
    }
    expect(outbox.idleMs(clock.nowMs)).toBeLessThan(outboxIdleMs);
  });
});

it("a client that takes nothing is asked less and less often", async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const { connection, outbox } = bench();
  await outbox.add(piece(limitBytes));
  let asked = 0;
  for (let ms = 0; ms < 10_000; ms++) {
    asked += connection.pings.length;
    connection.send(0);
    vi.advanceTimersByTime(1);
  }
  expect(asked).toBeLessThan(40);
});

it("an asker that stops in the turn in which there is room again waits no longer", async () => {
  const { connection, outbox } = bench();
  await outbox.add(piece(limitBytes));
  const asker = {};
  const waiting = outbox.room(asker);
  await new Promise(setImmediate);
  // Wakes those who wait, though there is no room.
  outbox.sweep();
  outbox.stopWaiting(asker);
  await waiting;
  connection.send(0);
});

/** Connections of sources of their own, in an outbox with room for eight short responses in all. */
function crowd(connections: number) {
  const budget = new Budget({ maxOutboxBytes: 8 * minResponseBytes });
  const clock = { nowMs: 0 };
  const ended: number[] = [];
  const members = Array.from({ length: connections }, (_, i) => {
    const connection = new FakeConnection();
    const share = budget.connect(`192.0.2.${i}`)!;
    const onCrowded = (): void => void ended.push(i);
    const outbox = new Outbox(connection, share, { onCrowded, now: () => clock.nowMs });
    onTestFinished(() => outbox.close());
    return { connection, outbox };
  });
  return { members, clock, ended, budget };
}

describe("room that all sources together lack", () => {
  it("is looked for among the connections that hold some, however many others there are", async () => {
    const { members, clock, budget } = crowd(100);
    let looks = 0;
    for (const { outbox } of members) {
      const idleMs = outbox.idleMs.bind(outbox);
      outbox.idleMs = (nowMs) => {
        looks++;
        return idleMs(nowMs);
      };
    }
    for (const { connection, outbox } of members.slice(0, 50)) {
      await outbox.add(piece(100));
      outbox.settle();
      connection.send(100);
    }
    const waits = members.slice(50).map(({ outbox }) => outbox.add(piece(100)));
    expect([budget.stats().outboxBytes, looks]).toEqual([8 * minResponseBytes, 8]);
    clock.nowMs = outboxIdleMs;
    members[99]!.outbox.sweep();
    expect(looks).toBe(16);
    for (const { outbox } of members) outbox.close();
    await Promise.all(waits);
    expect(budget.stats().refused).toEqual({ "outbox-all": 42 });
  });

  it("comes from the connection whose client has taken nothing for the longest, once that is long", async () => {
    const { members, clock, ended } = crowd(9);
    for (const { outbox } of members.slice(0, 8)) {
      await outbox.add(piece(100));
      clock.nowMs++;
    }
    const waiting = members[8]!.outbox.add(piece(100));
    expect(ended).toEqual([]);
    clock.nowMs = outboxIdleMs;
    members[8]!.outbox.sweep();
    expect(ended).toEqual([0]);
    members[0]!.outbox.close();
    members[8]!.outbox.close();
    await waiting;
  });
});
