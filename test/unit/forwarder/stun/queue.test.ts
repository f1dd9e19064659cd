import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { maxWaitingStun } from "../../../../src/defaults/index.ts";
import type { StunPayer } from "../../../../src/forwarder/stun/payer.ts";
import { QueueReader, StunQueue } from "../../../../src/forwarder/stun/queue.ts";
import { setImmediate as nextTurn } from "node:timers/promises";

let nowMs = 0;
beforeEach(() => void vi.spyOn(performance, "now").mockImplementation(() => nowMs));
afterEach(() => void vi.restoreAllMocks());

/** A reader of a queue whose members each take 0.4 ms of the event loop, and how many of these are left. */
function createReader(count: number): {
  reader: QueueReader;
  left: () => number;
  add: (more: number) => void;
} {
  let left = count;
  const deliver = (max: number): boolean => {
    const taken = Math.min(max, left);
    left -= taken;
    nowMs += taken * 0.4;
    return taken > 0;
  };
  return {
    reader: new QueueReader(() => ({ deliver })),
    left: () => left,
    add: (more) => void (left += more),
  };
}

it("reads a slice in each turn of the event loop, until nothing is left", async () => {
  const { reader, left } = createReader(40);
  reader.schedule();
  reader.schedule();
  const seen = [left()];
  while (left() > 0) {
    await nextTurn();
    seen.push(left());
  }
  // 8 of them take 3 ms, so a slice is over after each batch.
  expect(seen).toEqual([40, 32, 24, 16, 8, 0]);
});

it("reads again when there is something again", async () => {
  const { reader, left, add } = createReader(1);
  reader.schedule();
  await nextTurn();
  add(1);
  await nextTurn();
  expect(left()).toBe(1);
  reader.schedule();
  await nextTurn();
  expect(left()).toBe(0);
});

it("goes on after an exception, which is its caller's to hear of", async () => {
  const thrown: unknown[] = [];
  const left = [new Error("a callback failed"), true, false];
  const reader = new QueueReader(() => ({
    deliver() {
      const next = left.shift()!;
      if (typeof next === "boolean") return next;
      throw next;
    },
  }));
  const listeners = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException");
  process.once("uncaughtException", (error) => thrown.push(error));
  reader.schedule();
  await nextTurn();
  await nextTurn();
  for (const listener of listeners) process.on("uncaughtException", listener);
  expect([thrown, left]).toEqual([[new Error("a callback failed")], []]);
});

const source = { address: "192.0.2.1", port: 4433 };

function createQueue(): { queue: StunQueue; answered: number[] } {
  const answered: number[] = [];
  return { queue: new StunQueue(([first = 0]) => void answered.push(first)), answered };
}

function createPayer(maxWaiting = 10): StunPayer {
  return { waiting: 0, maxWaiting };
}

/** How many find room, and why not more do. */
function fill(queue: StunQueue, payer: StunPayer): [count: number, refusal: string] {
  for (let count = 0; ; count++) {
    const refusal = queue.add(new Uint8Array(20), source, payer);
    if (refusal) return [count, refusal];
  }
}

describe("StunQueue", () => {
  it("answers in order, as many as it is told", () => {
    const { queue, answered } = createQueue();
    for (const first of [1, 2, 3]) queue.add(Uint8Array.of(first), source, createPayer());
    expect([queue.deliver(2), [...answered]]).toEqual([true, [1, 2]]);
    expect([queue.deliver(2), queue.deliver(2), answered]).toEqual([true, false, [1, 2, 3]]);
  });

  it("gives whoever pays a share, and all together no more than there is", () => {
    const { queue } = createQueue();
    expect(fill(queue, createPayer(24))).toEqual([24, "over-share"]);
    for (let left = maxWaitingStun - 24; left > 0; left -= 100)
      expect(fill(queue, createPayer(100))).toEqual([100, "over-share"]);
    expect(fill(queue, createPayer())).toEqual([0, "overloaded"]);
  });

  it("has room for more of a payer as its messages are answered", () => {
    const { queue } = createQueue();
    const payer = createPayer();
    fill(queue, payer);
    queue.deliver(3);
    expect(fill(queue, payer)[0]).toBe(3);
    queue.deliver(maxWaitingStun);
    expect([payer.waiting, fill(queue, payer)[0]]).toEqual([0, 10]);
  });

  it("loses none of the others where one cannot be answered", () => {
    const answered: number[] = [];
    const queue = new StunQueue(([first = 0]) => {
      if (first === 2) throw new TypeError("no answer");
      answered.push(first);
    });
    for (const first of [1, 2, 3]) queue.add(Uint8Array.of(first), source, createPayer());
    expect(() => queue.deliver(8)).toThrow("no answer");
    expect([queue.deliver(8), answered]).toEqual([true, [1, 3]]);
  });

  it("answers nothing once it is cleared", () => {
    const { queue, answered } = createQueue();
    const payer = createPayer();
    queue.add(Uint8Array.of(1), source, payer);
    queue.clear();
    expect([queue.deliver(1), answered, payer.waiting]).toEqual([false, [], 0]);
  });
});
