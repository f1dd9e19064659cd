import { describe, expect, it } from "vitest";
import {
  checkAnswerMs,
  checkLadderMs,
  checkPaceMs,
  guessLadderMs,
  maxRoundChecks,
  maxRoundTargets,
  openerMs,
} from "../../../../../src/defaults/index.ts";
import { Round } from "../../../../../src/peer/path/seeking/round.ts";
import type { Address } from "../../../../../src/wire/address.ts";

/** The address with this number. */
function target(number: number): Address {
  return { address: "203.0.113.9", port: number };
}

/** What a round sends to, by the time of it, if it is asked when it wants to be. */
function sendsOf(round: Round): [ms: number, port: number][] {
  const sends: [number, number][] = [];
  for (let ms = round.nextMs; ms !== Infinity; ms = round.nextMs)
    sends.push(...round.due(ms).map(({ port }): [number, number] => [ms, port]));
  return sends;
}

/** Times of the checks to an address. */
function timesOf(round: Round, port: number): number[] {
  return sendsOf(round)
    .filter(([, each]) => each === port)
    .map(([ms]) => ms);
}

/** A round from 1000 ms on, with addresses 1 to `count`. */
function roundOf(count: number): Round {
  const round = new Round(1000);
  for (let number = 1; number <= count; number++) round.join(target(number), 1000);
  return round;
}

const ladder: number[] = checkLadderMs.map((ms) => 1000 + ms);

describe("a round", () => {
  it("sends 8 checks to an address, by the ladder, and no more", () => {
    expect(timesOf(roundOf(1), 1)).toEqual(ladder);
    expect(ladder).toHaveLength(8);
  });

  it("begins its addresses 20 ms apart", () => {
    const round = roundOf(3);
    const second = timesOf(round, 2);
    expect(second).toEqual(ladder.map((ms) => ms + 20));
    expect(timesOf(roundOf(3), 3)[0]).toBe(1040);
  });

  it("has 8 addresses at most, joined or heard", () => {
    const round = roundOf(maxRoundTargets - 1);
    expect(round.hear(target(100), 1000)).toBe(true);
    expect(round.join(target(101), 1000)).toBe(false);
    expect(round.hear(target(102), 1000)).toBe(false);
    expect(round.join(target(1), 1000)).toBe(true);
    expect(new Set(sendsOf(round).map(([, port]) => port)).size).toBe(maxRoundTargets);
  });

  it("sends a guess as many checks as it is told to, and has room for more addresses thereby", () => {
    const round = roundOf(4);
    const guesses = Array.from({ length: 16 }, (_, index) => 100 + index);
    for (const guess of guesses) expect(round.join(target(guess), 1000, guessLadderMs)).toBe(true);
    expect([round.join(target(200), 1000, guessLadderMs), round.hear(target(201), 1000)]).toEqual([
      false,
      false,
    ]);
    const sends = sendsOf(round);
    expect(sends).toHaveLength(maxRoundChecks);
    const times = sends.filter(([, port]) => port === 115).map(([ms]) => ms);
    expect(times).toEqual(guessLadderMs.map((ms) => 1000 + 19 * checkPaceMs + ms));
  });

  it("sends no more to an address that has answered", () => {
    const round = roundOf(2);
    round.due(1000);
    round.settle(target(1));
    expect(timesOf(round, 1)).toEqual([]);
    round.hear(target(1), 1100);
    round.join(target(1), 1100);
    expect(timesOf(round, 1)).toEqual([]);
  });

  it("checks an address that is heard at once, without the gap", () => {
    const round = roundOf(3);
    round.hear(target(9), 1001);
    expect(timesOf(round, 9)[0]).toBe(1001);
  });

  it("sends the next check early to an address that is heard, and not one more in all", () => {
    const round = roundOf(1);
    for (const ms of ladder.slice(0, 6)) round.due(ms);
    round.hear(target(1), 1600);
    expect(timesOf(round, 1)).toEqual([1600, 3131]);
  });

  it("sends one check where its caller comes late, not all that were missed", () => {
    const round = roundOf(1);
    expect([round.due(1270), round.due(1270)]).toEqual([[target(1)], []]);
    expect(timesOf(round, 1)).toEqual(ladder.slice(5));
  });

  it("goes on with the retained addresses and those that were heard", () => {
    const round = roundOf(3);
    round.hear(target(2), 1000);
    round.retain([target(3)]);
    expect(new Set(sendsOf(round).map(([, port]) => port))).toEqual(new Set([2, 3]));
  });

  it("keeps the places of addresses that are not retained", () => {
    const round = roundOf(maxRoundTargets);
    round.retain([]);
    expect(round.join(target(100), 1100)).toBe(false);
  });

  it("is open for the length of the ladder", () => {
    const round = roundOf(1);
    expect([round.isOpen(3130), round.isOpen(3131)]).toEqual([true, false]);
  });

  it("ends half a second after its last check, also that of an address that joins late", () => {
    expect(new Round(1000).endMs).toBe(3131 + checkAnswerMs);
    const round = roundOf(2);
    expect(round.endMs).toBe(3151 + checkAnswerMs);
    round.join(target(3), 3000);
    expect(round.endMs).toBe(5131 + checkAnswerMs);
  });

  it("opens this side's NAT first where the other peer has yet to begin, and waits a quarter of a second for it", () => {
    const round = new Round(1000, true);
    round.join(target(1), 1000);
    expect([round.due(1010), round.isOpener(target(1))]).toEqual([[target(1)], true]);
    expect(round.nextMs).toBe(1010 + openerMs);
    expect([round.due(1010 + openerMs), round.isOpener(target(1))]).toEqual([[target(1)], false]);
    expect(timesOf(round, 1)).toEqual(ladder.slice(2).map((ms) => ms + 10 + openerMs - checkLadderMs[1]!));
  });

  it("goes on at once when the other peer has begun, with 8 checks in all", () => {
    const round = new Round(1000, true);
    round.join(target(1), 1000);
    round.due(1000);
    round.meet(1080);
    round.join(target(2), 1080);
    expect([round.due(1080), round.isOpener(target(1)), round.isOpener(target(2))]).toEqual([
      [target(1), target(2)],
      false,
      false,
    ]);
    expect(timesOf(round, 1)).toEqual(ladder.slice(2).map((ms) => ms + 80 - checkLadderMs[1]!));
  });

  it("sends no opener to an address that is heard, and none after one that was sent", () => {
    const round = new Round(1000, true);
    round.join(target(1), 1000);
    round.due(1000);
    round.hear(target(1), 1020);
    round.hear(target(2), 1020);
    expect([round.due(1020), round.isOpener(target(1)), round.isOpener(target(2))]).toEqual([
      [target(1), target(2)],
      false,
      false,
    ]);
  });

  it("leaves an address as it is that has answered its opener", () => {
    const round = new Round(1000, true);
    round.join(target(1), 1000);
    round.due(1000);
    round.settle(target(1));
    round.meet(1080);
    expect(round.nextMs).toBe(Infinity);
  });

  it("is open for as much longer as it may wait for the other peer", () => {
    const round = new Round(1000, true);
    const endMs = 3131 + openerMs - checkLadderMs[1]!;
    expect([round.isOpen(endMs - 1), round.isOpen(endMs), round.endMs]).toEqual([
      true,
      false,
      endMs + checkAnswerMs,
    ]);
  });

  it("tells whether it has an address", () => {
    expect([new Round(0).isEmpty, roundOf(1).isEmpty]).toEqual([true, false]);
  });
});
