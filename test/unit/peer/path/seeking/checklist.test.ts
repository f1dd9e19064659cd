import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  checkLadderMs,
  guessedPorts,
  guessLadderMs,
  maxRoundChecks,
  maxRoundsPerMinute,
  maxRoundTargets,
  openerMs,
  unprovenChecksPerSecond,
} from "../../../../../src/defaults/index.ts";
import { Checklist, createCheckLimit } from "../../../../../src/peer/path/seeking/checklist.ts";
import { TokenBucket } from "../../../../../src/token-bucket.ts";
import type { Address } from "../../../../../src/wire/address.ts";

/** The address with this number. */
function target(number: number): Address {
  return { address: "203.0.113.9", port: number };
}

function targets(count: number, first = 1): Address[] {
  return Array.from({ length: count }, (_, i) => target(first + i));
}

interface Send {
  readonly ms: number;
  readonly port: number;
  readonly round: number;
}

/** What a checklist sends until a time, if it is asked when it wants to be. */
function sendsUntil(endMs: number, checklist: Checklist): Send[] {
  const sends: Send[] = [];
  for (let ms = checklist.deadline(); ms !== undefined && ms <= endMs; ms = checklist.deadline()) {
    const due = checklist.due(ms);
    const { round } = checklist;
    sends.push(...due.map(({ port }) => ({ ms: ms!, port, round })));
  }
  return sends;
}

function portsOf(sends: readonly Send[]): number[] {
  return [...new Set(sends.map(({ port }) => port))].sort((a, b) => a - b);
}

/** A checklist that begins at 0 with addresses 1 to `count`. */
function started(count: number, limit: TokenBucket = createCheckLimit(0)): Checklist {
  const checklist = new Checklist(limit);
  checklist.setCandidates(targets(count), 0);
  checklist.start(1, 0);
  return checklist;
}

/** Fails if a round has too many checks, whatever they are sent at. */
function expectWithinBytes(sends: readonly Send[]): void {
  const rounds = Map.groupBy(sends, ({ round }) => round);
  for (const inRound of rounds.values()) expect(inRound.length).toBeLessThanOrEqual(maxRoundChecks);
}

describe("guesses", () => {
  const guesses = targets(guessedPorts, 100);

  it("join the round that is open, each with 2 checks", () => {
    const checklist = started(2);
    checklist.setCandidates(targets(2), 100, guesses);
    const sends = sendsUntil(4000, checklist);
    expect(portsOf(sends)).toEqual([1, 2, ...guesses.map(({ port }) => port)]);
    expect(sends).toHaveLength(2 * checkLadderMs.length + guessedPorts * guessLadderMs.length);
    expect(sends.every(({ round }) => round === 1)).toBe(true);
  });

  it("begin a round where the open one has no room, and leave room for 4 candidates", () => {
    const checklist = started(maxRoundTargets);
    checklist.setCandidates(targets(maxRoundTargets), 100, guesses);
    const sends = sendsUntil(4000, checklist);
    expect(portsOf(sends.filter(({ round }) => round === 2))).toEqual([
      ...targets(4).map(({ port }) => port),
      ...guesses.map(({ port }) => port),
    ]);
    expectWithinBytes(sends);
  });

  it("get no more once others have taken their place", () => {
    const checklist = started(1);
    checklist.setCandidates(targets(1), 0, guesses);
    sendsUntil(200, checklist);
    checklist.setCandidates(targets(1), 200, targets(guessedPorts, 200));
    const later = portsOf(sendsUntil(4000, checklist));
    expect(later.filter((port) => port >= 100 && port < 200)).toEqual([]);
    expect(later).toContain(215);
  });

  it("are within the bytes of a round and the rounds of a minute, however often they change", () => {
    const checklist = started(8);
    const sends: Send[] = [];
    for (let ms = 0; ms < 60_000; ms += 500) {
      checklist.setCandidates(targets(8), ms, targets(guessedPorts, 1000 + ms));
      sends.push(...sendsUntil(ms, checklist));
    }
    expectWithinBytes(sends);
    expect(checklist.round).toBeLessThanOrEqual(maxRoundsPerMinute);
  });
});

/** Fails if a round has too many addresses or checks, or a minute too many rounds. */
function expectWithinLimits(sends: readonly Send[]): void {
  const rounds = Map.groupBy(sends, ({ round }) => round);
  for (const inRound of rounds.values()) {
    expect(portsOf(inRound).length).toBeLessThanOrEqual(maxRoundTargets);
    const ofOne = Map.groupBy(inRound, ({ port }) => port);
    for (const checks of ofOne.values()) expect(checks.length).toBeLessThanOrEqual(checkLadderMs.length);
  }
  const begun = [...rounds.values()].map(([first]) => first!.ms);
  // The first check of a round may come as late as the round is open, so that a minute of checks is shorter.
  for (const ms of begun) {
    const inMinute = begun.filter((other) => other >= ms && other < ms + 57_000);
    expect(inMinute.length).toBeLessThanOrEqual(maxRoundsPerMinute);
  }
}

const nothingWithheld = { targets: 0, rounds: 0, checks: 0 };
/** When the first round of one address is over that the other peer has not begun. */
const overMs: number = openerMs - checkLadderMs[1]! + checkLadderMs.at(-1)! + 500;

describe("a checklist", () => {
  it("sends nothing before the start", () => {
    const checklist = new Checklist(createCheckLimit(0));
    checklist.setCandidates(targets(2), 0);
    checklist.restart(0);
    expect([checklist.deadline(), checklist.due(0), checklist.round]).toEqual([undefined, [], 0]);
  });

  it("sends to every candidate by the ladder, in rounds at 0, 5 and 15 s and each minute", () => {
    const checklist = started(2);
    const sends = sendsUntil(80_000, checklist);
    const firsts = [1, 2, 3, 4].map((round) => sends.find((send) => send.round === round)!.ms);
    expect(firsts).toEqual([0, 5000, 15_000, 75_000]);
    expect(sends).toHaveLength(4 * 2 * checkLadderMs.length);
    expect(checklist.withheld).toEqual(nothingWithheld);
  });

  it("sends each hour while the relay carries nothing", () => {
    const checklist = started(1);
    checklist.setActive(false);
    sendsUntil(20_000, checklist);
    expect(checklist.deadline()).toBe(3_600_000);
  });

  it("begins a round once, whoever announces it, and one of a higher number at once", () => {
    const checklist = started(1);
    checklist.start(1, 10);
    expect(checklist.round).toBe(1);
    checklist.start(5, 20);
    checklist.start(4, 30);
    expect(checklist.round).toBe(5);
  });

  it("opens this side's NAT first, in each round that the other peer has not begun", () => {
    const checklist = started(1);
    const isOpenerAt = (ms: number): boolean[] => checklist.due(ms).map((to) => checklist.isOpener(to));
    expect([isOpenerAt(0), isOpenerAt(40)]).toEqual([[true], []]);
    checklist.meet(1, 80);
    expect([checklist.round, isOpenerAt(80)]).toEqual([1, [false]]);
    checklist.meet(2, 4000);
    expect([checklist.round, isOpenerAt(4000)]).toEqual([2, [false]]);
    checklist.restart(9000);
    expect([checklist.round, isOpenerAt(9000)]).toEqual([3, [true]]);
  });

  it("leaves out the scheduled round that the other peer has just begun", () => {
    const checklist = started(1);
    sendsUntil(4990, checklist);
    checklist.start(2, 4990);
    sendsUntil(14_999, checklist);
    expect(checklist.round).toBe(2);
    sendsUntil(15_000, checklist);
    expect(checklist.round).toBe(3);
  });
});

describe("the candidates of a checklist", () => {
  it("join the round that is open", () => {
    const checklist = started(0);
    checklist.setCandidates(targets(2), 300);
    expect([checklist.round, checklist.due(300)]).toEqual([1, [target(1)]]);
    expect(checklist.deadline()).toBe(320);
  });

  it("begin a round if none is open, unless nothing is new", () => {
    const checklist = started(2);
    sendsUntil(4000, checklist);
    checklist.setCandidates(targets(1), 4000);
    expect(checklist.round).toBe(1);
    checklist.setCandidates(targets(1, 9), 4001);
    expect([checklist.round, checklist.due(4001)]).toEqual([2, [target(9)]]);
  });

  it("begin a round if the open one has no place for them", () => {
    const checklist = started(maxRoundTargets);
    checklist.setCandidates(targets(maxRoundTargets, 20), 100);
    expect(checklist.round).toBe(2);
    expect(portsOf(sendsUntil(4000, checklist))).toEqual(
      targets(maxRoundTargets, 20).map(({ port }) => port),
    );
    expect(checklist.withheld.targets).toBe(maxRoundTargets);
  });

  it("are sent no more once they are replaced", () => {
    const checklist = started(2);
    checklist.due(0);
    checklist.setCandidates([target(2)], 10);
    expect(portsOf(sendsUntil(4000, checklist))).toEqual([2]);
  });

  it("are 8 at most, and further ones are counted", () => {
    const checklist = started(maxRoundTargets + 3);
    expect(portsOf(sendsUntil(4000, checklist))).toEqual(targets(maxRoundTargets).map(({ port }) => port));
    expect(checklist.withheld).toEqual({ ...nothingWithheld, targets: 3 });
  });
});

describe("an address that a request comes from", () => {
  it("is checked at once in the round that is open", () => {
    const checklist = started(3);
    checklist.heard(target(9), 1);
    expect([checklist.round, checklist.due(1)]).toEqual([1, [target(1), target(9)]]);
  });

  it("begins the first round, before the other peer's message has come", () => {
    const checklist = new Checklist(createCheckLimit(0));
    checklist.heard(target(9), 0);
    expect([checklist.round, checklist.due(0)]).toEqual([1, [target(9)]]);
    checklist.start(1, 20);
    expect(checklist.round).toBe(1);
  });

  it("begins a round if none is open", () => {
    const checklist = started(1);
    sendsUntil(4000, checklist);
    checklist.heard(target(9), 4000);
    expect([checklist.round, checklist.due(4000)]).toEqual([2, [target(9), target(1)]]);
  });

  it("begins a round as its first if the open one is full, in the place of the last candidate", () => {
    const checklist = started(maxRoundTargets);
    checklist.heard(target(100), 50);
    expect(checklist.round).toBe(2);
    const ports = portsOf(sendsUntil(4000, checklist));
    expect(ports).toEqual([...targets(maxRoundTargets - 1).map(({ port }) => port), 100]);
    expect(checklist.withheld.targets).toBe(2);
  });

  it("begins none if it is proven", () => {
    const checklist = started(1);
    checklist.answered(target(1));
    sendsUntil(4000, checklist);
    checklist.heard(target(1), 4000);
    expect(checklist.round).toBe(1);
    checklist.forget(target(1));
    checklist.heard(target(1), 4000);
    expect(checklist.round).toBe(2);
  });
});

describe("an answer", () => {
  it("ends the checks of its address for the round", () => {
    const checklist = started(2);
    checklist.due(0);
    checklist.answered(target(1));
    const sends = sendsUntil(6000, checklist);
    expect(portsOf(sends.filter(({ round }) => round === 1))).toEqual([2]);
    expect(portsOf(sends.filter(({ round }) => round === 2))).toEqual([1, 2]);
  });

  it("is missed half a second after the last check of the first round", () => {
    const checklist = started(1);
    sendsUntil(overMs - 1, checklist);
    expect([checklist.exhausted, checklist.deadline()]).toEqual([undefined, overMs]);
    checklist.due(overMs);
    expect(checklist.exhausted).toBe("checks-timeout");
  });

  it("is not missed where there was no address to ask", () => {
    const checklist = started(0);
    sendsUntil(overMs, checklist);
    expect(checklist.exhausted).toBe("no-candidates");
  });

  it("is not missed if one came, and takes back that it was", () => {
    const checklist = started(1);
    sendsUntil(overMs, checklist);
    checklist.answered(target(1));
    expect(checklist.exhausted).toBeUndefined();
    sendsUntil(200_000, checklist);
    expect(checklist.exhausted).toBeUndefined();
  });
});

describe("another network", () => {
  it("has the first rounds again, and nothing proven", () => {
    const limit = new TokenBucket(0.001, 1, 0);
    const checklist = started(1, limit);
    checklist.due(0);
    checklist.answered(target(1));
    checklist.restart(1000);
    expect([checklist.round, checklist.due(1000), checklist.withheld.checks]).toEqual([2, [], 1]);
    sendsUntil(20_000, checklist);
    expect([checklist.round, checklist.exhausted]).toEqual([4, "checks-timeout"]);
  });
});

describe("another network while no round may begin", () => {
  it("sends nothing for the former one, and judges nothing by it", () => {
    const checklist = started(1);
    for (const round of [2, 3, 4]) checklist.start(round, round);
    checklist.due(4);
    checklist.answered(target(1));
    checklist.restart(1000);
    const sends = sendsUntil(59_999, checklist);
    expect([sends, checklist.exhausted]).toEqual([[], undefined]);
    expect(sendsUntil(60_000, checklist)).toHaveLength(1);
  });
});

describe("the limits of a checklist", () => {
  it("let 4 rounds a minute begin, and count the others", () => {
    const checklist = started(1);
    for (let round = 2; round <= 10; round++) checklist.start(round, round);
    expect([checklist.round, checklist.withheld.rounds]).toEqual([4, 6]);
    const sends = sendsUntil(60_000, checklist);
    expect(sends.at(-1)).toEqual({ ms: 60_000, port: 1, round: 10 });
  });

  it("let a process send 200 checks a second at unproven addresses, over all connections", () => {
    const limit = createCheckLimit(0);
    const checklists = Array.from({ length: 300 }, () => started(1, limit));
    const sent = checklists.flatMap((checklist) => checklist.due(0));
    expect(sent).toHaveLength(unprovenChecksPerSecond);
    const withheld = checklists.map((checklist) => checklist.withheld.checks);
    expect(withheld.filter((count) => count === 1)).toHaveLength(100);
    const later = checklists.flatMap((checklist) => checklist.due(500));
    expect(later).toHaveLength(unprovenChecksPerSecond / 2);
  });

  it("do not count checks of proven addresses", () => {
    const limit = new TokenBucket(0.001, 2, 0);
    const checklist = started(2, limit);
    checklist.due(20);
    checklist.answered(target(2));
    const sends = sendsUntil(10_000, checklist);
    expect([portsOf(sends), sends.length]).toEqual([[2], checkLadderMs.length]);
    expect(checklist.withheld.checks).toBe(2 * checkLadderMs.length - 1);
  });

  it("keep no more proven addresses than a round has", () => {
    const checklist = started(0, new TokenBucket(0.001, 0, 0));
    for (const each of targets(maxRoundTargets + 1)) checklist.answered(each);
    checklist.setCandidates([target(1), target(2)], 0);
    expect(portsOf(sendsUntil(4000, checklist))).toEqual([2]);
  });

  /** What the other peer may do to a checklist. */
  const event = fc.record({
    afterMs: fc.nat(8000),
    kind: fc.constantFrom("candidates", "heard", "start", "restart", "answered"),
    number: fc.integer({ min: 1, max: 40 }),
  });

  it("hold whatever the other peer does, and no deadline is in the past", () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        const checklist = started(3, new TokenBucket(1e6, 1e6, 0));
        const sends: Send[] = [];
        let nowMs = 0;
        for (const { afterMs, kind, number } of events) {
          nowMs += afterMs;
          sends.push(...sendsUntil(nowMs, checklist));
          expect(checklist.deadline()).toBeGreaterThan(nowMs);
          if (kind === "candidates") checklist.setCandidates(targets(number % 12, number), nowMs);
          else if (kind === "heard") checklist.heard(target(number), nowMs);
          else if (kind === "start") checklist.start(checklist.round + number, nowMs);
          else if (kind === "restart") checklist.restart(nowMs);
          else checklist.answered(target(number));
        }
        expectWithinLimits(sends);
      }),
    );
  });
});
