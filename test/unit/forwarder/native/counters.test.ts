import { expect, it } from "vitest";
import { createCounters } from "../../../../src/forwarder/counters.ts";
import type { Addon, NativeHandle } from "../../../../src/forwarder/native/addon.ts";
import { NativeCounters } from "../../../../src/forwarder/native/counters.ts";

function countersOf(
  names: string[],
  threads: bigint[][],
  { states = new BigUint64Array(), kernel }: { states?: BigUint64Array; kernel?: bigint[] } = {},
): NativeCounters {
  const handle: Pick<NativeHandle, "states" | "counters" | "totals"> = {
    states,
    totals: BigUint64Array.from(kernel ?? []),
    counters: threads.map((words) => BigUint64Array.from(words)),
  };
  return new NativeCounters(
    { counterNames: names } as unknown as Addon,
    handle as NativeHandle,
    kernel !== undefined,
    0,
  );
}

it("adds up what all threads counted, and what JavaScript did", () => {
  const names = ["relayed.packets", "dropped.empty"];
  const counters = countersOf(names, [
    [1n, 2n],
    [10n, 20n],
  ]);
  expect([counters.total("relayed.packets"), counters.total("overflowed")]).toEqual([11, 0]);
  const own = createCounters().dropped;
  own.empty = 100;
  own["stun-unanswered"] = 1;
  expect(counters.dropped(own)).toEqual({ ...own, empty: 122 });
  expect(own.empty).toBe(100);
});

it("adds what the kernel forwarded and dropped, and tells who forwarded what", () => {
  const names = ["relayed.packets", "relayed.bytes", "dropped.rate-limited"];
  const counters = countersOf(names, [[1n, 100n, 5n]], { kernel: [2n, 300n, 7n, 11n, 13n] });
  expect(counters.traffic()).toEqual({
    relayed: { packets: 3, bytes: 400 },
    path: { kernel: { packets: 2, bytes: 300 }, user: { packets: 1, bytes: 100 } },
  });
  expect(counters.dropped(createCounters().dropped)).toMatchObject({
    "session-expired": 7,
    "source-unregistered": 11,
    "rate-limited": 18,
  });
});

it("finds a session's counters in its state", () => {
  const states = new BigUint64Array(8 * 16);
  states.set([1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n], 7 * 16);
  states[7 * 16 + 9] = 9_000_000n;
  expect(countersOf([], [], { states }).ofSession(7)).toEqual({
    packetsFrom: 1,
    bytesFrom: 2,
    packetsTo: 3 + 6,
    bytesTo: 4,
    packetsLimited: 5,
    packetsOffloaded: 6,
    packetsNoAddress: 7,
    packetsToItself: 8,
    firstForwardedAtMs: 9,
  });
  expect(countersOf([], [], { states }).ofSession(0).firstForwardedAtMs).toBeNull();
});
