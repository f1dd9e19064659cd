import { setImmediate as nextTurn } from "node:timers/promises";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { QueueReader } from "../../../../src/forwarder/stun/queue-reader.ts";

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
