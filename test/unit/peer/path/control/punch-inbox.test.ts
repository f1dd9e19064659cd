import { expect, it } from "vitest";
import { punchGapMs } from "../../../../../src/defaults/index.ts";
import type { Punch } from "../../../../../src/peer/path/control/messages.ts";
import { PunchInbox } from "../../../../../src/peer/path/control/punch-inbox.ts";

const round = (number: number): Punch => ({ type: "punch", round: number, mode: "normal" });
const search: Punch = { type: "punch", round: 0, mode: "search" };

it("What the other side has begun is there at once, and once", () => {
  const inbox = new PunchInbox();
  expect([inbox.deadlineMs, inbox.take(5)]).toEqual([Infinity, undefined]);
  inbox.put(round(3));
  expect(inbox.deadlineMs).toBeLessThanOrEqual(5);
  expect([inbox.take(5), inbox.take(1000)]).toEqual([{ round: 3, isSearch: false }, undefined]);
});

it("Of several rounds it is the latest, and a search beside it", () => {
  const inbox = new PunchInbox();
  for (const each of [round(3), search, round(7), round(5)]) inbox.put(each);
  expect(inbox.take(0)).toEqual({ round: 7, isSearch: true });
});

it("What comes within 50 ms after a look waits, however much it is", () => {
  const inbox = new PunchInbox();
  let looks = 0;
  for (let nowMs = 0; nowMs < 1000; nowMs++) {
    inbox.put(round(nowMs));
    if (inbox.take(nowMs)) looks++;
  }
  expect([looks, inbox.deadlineMs]).toEqual([1000 / punchGapMs, 1000]);
});
