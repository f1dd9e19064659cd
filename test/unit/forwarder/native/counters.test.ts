import { expect, it } from "vitest";
import { createCounters } from "../../../../src/forwarder/counters.ts";
import type { Addon, NativeHandle } from "../../../../src/forwarder/native/addon.ts";
import { NativeCounters } from "../../../../src/forwarder/native/counters.ts";

function countersOf(names: string[], threads: bigint[][], accounts: BigUint64Array): NativeCounters {
  const handle: Pick<NativeHandle, "accounts" | "counters"> = {
    accounts,
    counters: threads.map((words) => BigUint64Array.from(words)),
  };
  return new NativeCounters({ counterNames: names } as unknown as Addon, handle as NativeHandle);
}

it("adds up what all threads counted, and what JavaScript did", () => {
  const names = ["relayed.packets", "dropped.empty"];
  const counters = countersOf(
    names,
    [
      [1n, 2n],
      [10n, 20n],
    ],
    new BigUint64Array(),
  );
  expect([counters.total("relayed.packets"), counters.total("overflowed")]).toEqual([11, 0]);
  const own = createCounters().dropped;
  own.empty = 100;
  own["stun-unanswered"] = 1;
  expect(counters.dropped(own)).toEqual({ ...own, empty: 122 });
  expect(own.empty).toBe(100);
});

it("finds a session's counters in its account", () => {
  const accounts = new BigUint64Array(8 * 16);
  accounts.set([1n, 2n, 3n, 4n, 5n, 6n], 7 * 16);
  expect(countersOf([], [], accounts).ofSession(7)).toEqual({
    packetsFrom: 1,
    bytesFrom: 2,
    packetsTo: 3,
    bytesTo: 4,
    packetsLimited: 5,
  });
});
