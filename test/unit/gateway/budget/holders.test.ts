import { expect, it } from "vitest";
import { outboxIdleMs } from "../../../../src/defaults/index.ts";
import { type RoomHolder, RoomHolders } from "../../../../src/gateway/budget/holders.ts";

it("room in the outbox comes from the connection that has stood still for the longest, and for long", () => {
  const holders = new RoomHolders();
  const ended: string[] = [];
  const hold = (name: string, idleMs: number): RoomHolder => {
    const holder = { idleMs: () => idleMs, giveUp: () => void ended.push(name) };
    holders.add(holder);
    return holder;
  };
  hold("moves", 0);
  hold("pauses", outboxIdleMs - 1);
  hold("stands", outboxIdleMs + 1);
  hold("stands for longer", outboxIdleMs + 2);
  holders.delete(hold("has gone", outboxIdleMs + 3));
  for (let i = 0; i < 5; i++) holders.makeRoom(0);
  expect(ended).toEqual(["stands for longer", "stands"]);
});

it("room in the outbox is looked for again only once a connection can have stood still for long", () => {
  const holders = new RoomHolders();
  const clock = { nowMs: 0 };
  let looks = 0;
  const ended: number[] = [];
  const idleMs = (nowMs: number): number => {
    looks++;
    return nowMs;
  };
  for (let i = 0; i < 100; i++) holders.add({ idleMs, giveUp: () => void ended.push(i) });
  for (; clock.nowMs < outboxIdleMs; clock.nowMs++) holders.makeRoom(clock.nowMs);
  expect([looks, ended]).toEqual([100, []]);
  holders.makeRoom(clock.nowMs);
  expect([looks, ended]).toEqual([200, [0]]);
});
