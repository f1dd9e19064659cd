import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createCheckLimit } from "../../../../../src/peer/path/seeking/checklist.ts";
import {
  maxHeardPorts,
  searchAnswerMs,
  searchChecks,
  searchGapMs,
  searchLookMs,
  searchOpenMs,
  searchRestMs,
  searchWaitMs,
} from "../../../../../src/defaults/index.ts";
import type { NatKind } from "../../../../../src/peer/nat/report.ts";
import type {
  Candidate,
  CandidateList,
  ControlMessage,
} from "../../../../../src/peer/path/control/messages.ts";
import type { BirthdayParts } from "../../../../../src/peer/path/searching/birthday-parts.ts";
import { BirthdaySearch } from "../../../../../src/peer/path/searching/birthday.ts";
import type { CheckOwner } from "../../../../../src/peer/path/seeking/checks.ts";
import { SearchGate } from "../../../../../src/peer/path/searching/gate.ts";
import type { TokenBucket } from "../../../../../src/token-bucket.ts";
import type { Address } from "../../../../../src/wire/address.ts";

beforeEach(
  () =>
    void vi.useFakeTimers({
      toFake: ["setInterval", "setTimeout", "clearInterval", "clearTimeout", "performance"],
    }),
);
afterEach(() => void vi.useRealTimers());

const theirs: Address = { address: "203.0.113.9", port: 5000 };

interface Kinds {
  readonly own?: NatKind;
  readonly theirs?: NatKind;
  readonly isWanted?: boolean;
  readonly candidates?: readonly Candidate[];
  readonly gate?: SearchGate;
  readonly otherPin?: string;
  readonly limit?: TokenBucket;
}

const done: ControlMessage = { type: "punch", round: 0, mode: "search" };

/** A search, and what it does. */
class Rig {
  readonly sent: Address[] = [];
  readonly asked: Address[] = [];
  readonly said: ControlMessage[] = [];
  overs = 0;
  onSaid: () => void = () => undefined;
  /** Whether a round has had no answer. */
  isSilent = true;
  readonly refused: Set<string> = new Set();
  readonly search: BirthdaySearch;
  list: CandidateList;

  constructor({ own = "endpoint-independent", isWanted = true, gate = new SearchGate(), ...other }: Kinds) {
    const { candidates = [{ kind: "reflexive", address: theirs }] } = other;
    this.list = {
      type: "candidates",
      generation: 1,
      candidates,
      nat: { kind: other.theirs ?? "random" },
    };
    const parts: Partial<BirthdayParts> = {
      gate,
      limit: other.limit ?? createCheckLimit(performance.now()),
      owner: { permits: () => true } as unknown as CheckOwner,
      otherPin: other.otherPin ?? "pin",
      control: {
        send: (message) => {
          this.said.push(message);
          this.onSaid();
        },
      },
      isSilent: () => this.isSilent,
      isTarget: ({ address }) => !this.refused.has(address),
      nat: { report: { kind: own } },
      isWanted: () => isWanted,
      theirs: () => this.list,
      onOver: () => void this.overs++,
      socket: {
        local: { address: "127.0.0.1", port: 1 },
        send: (_datagram, to) => void this.sent.push(to!),
        allowDirectFrom: () => undefined,
      },
      checks: {
        make: () => new Uint8Array(88),
        isCheckOf: () => false,
        receive: () => undefined,
        send: (_owner, to) => void this.asked.push(to),
      },
    };
    this.search = new BirthdaySearch(parts as BirthdayParts);
  }
}

describe("a search whose word ends the talk about paths", () => {
  it("does not begin, on either side, and leaves nothing", () => {
    for (const own of ["endpoint-independent", "random"] as const) {
      const rig = new Rig({ own, theirs: own === "random" ? "endpoint-independent" : "random" });
      rig.onSaid = (): void => rig.search.close();
      rig.search.begin(0);
      rig.search.invited(0);
      vi.advanceTimersByTime(2 * searchOpenMs);
      rig.search.invited(2 * searchOpenMs);
      expect([rig.search.begin(2 * searchOpenMs), rig.sent.length, rig.overs, vi.getTimerCount()]).toEqual([
        false,
        0,
        0,
        0,
      ]);
    }
  });
});

describe("the side whose NAT keeps to one port", () => {
  it("asks where a check comes from once for a port, 64 times in a search, and at no port of a service", () => {
    const rig = new Rig({});
    rig.search.invited(0);
    for (const port of [53, 1023, 2000, 2000]) rig.search.heard({ ...theirs, port }, 50);
    expect(rig.asked.map(({ port }) => port)).toEqual([2000]);
    for (let port = 3000; port < 3200; port++) rig.search.heard({ ...theirs, port }, 50);
    expect(rig.asked).toHaveLength(maxHeardPorts);
  });

  it("waits for the other one to open its sockets, once", () => {
    const { search, sent, ...rig } = new Rig({});
    expect([search.begin(0), search.begin(1)]).toEqual([true, true]);
    vi.advanceTimersByTime(searchWaitMs);
    expect([search.begin(searchWaitMs), sent, rig.overs]).toEqual([false, [], 0]);
  });

  it("sends 1024 checks to the other's IP address when it is invited, and says when none was answered", () => {
    const rig = new Rig({});
    rig.search.begin(0);
    rig.search.invited(0);
    vi.advanceTimersByTime(1000);
    expect(rig.sent).toHaveLength(160);
    vi.advanceTimersByTime(5400);
    expect([rig.sent.length, rig.search.begin(6400), rig.overs]).toEqual([searchChecks, true, 0]);
    expect(new Set(rig.sent.map(({ address }) => address))).toEqual(new Set([theirs.address]));
    vi.advanceTimersByTime(searchAnswerMs + searchWaitMs);
    expect([rig.search.begin(0), rig.overs, rig.sent.length]).toEqual([false, 1, searchChecks]);
  });

  it("asks where a check of the other one comes from there, not from elsewhere, and stops once that answers", () => {
    const rig = new Rig({});
    rig.search.invited(0);
    vi.advanceTimersByTime(50);
    rig.search.heard({ ...theirs, address: "203.0.113.10" }, 50);
    vi.advanceTimersByTime(50);
    const found = { ...theirs, port: 40_000 };
    rig.search.heard(found, 100);
    expect([rig.sent.length, rig.asked, rig.search.begin(101)]).toEqual([16, [found], true]);
    rig.search.answered(found);
    vi.advanceTimersByTime(60_000);
    expect([rig.sent.length, rig.overs]).toEqual([16, 0]);
  });

  it("goes on while nothing answers, as anybody can send on a check that it has seen", () => {
    const rig = new Rig({});
    rig.search.invited(0);
    vi.advanceTimersByTime(50);
    rig.search.heard({ ...theirs, port: 40_000 }, 50);
    vi.advanceTimersByTime(60_000);
    expect([rig.sent.length, rig.overs]).toEqual([searchChecks, 1]);
  });

  it("asks no more than the limit of checks has room for, however many come", () => {
    const rig = new Rig({});
    rig.search.invited(0);
    for (let port = 1; port <= 1000; port++) rig.search.heard({ ...theirs, port }, 0);
    expect(rig.asked.length).toBeLessThanOrEqual(200);
  });

  it("tells the other one that it does its part, once it does", () => {
    const rig = new Rig({});
    rig.search.begin(0);
    expect(rig.said).toEqual([]);
    rig.search.invited(0);
    expect(rig.said).toEqual([done]);
  });

  it("waits for a round without an answer", () => {
    const rig = new Rig({});
    rig.isSilent = false;
    rig.search.invited(0);
    vi.advanceTimersByTime(5000);
    expect([rig.sent, rig.said]).toEqual([[], []]);
    rig.isSilent = true;
    vi.advanceTimersByTime(searchLookMs + 50);
    expect([rig.sent.length, rig.said]).toEqual([8, [done]]);
  });

  it("waits for its turn while the other one has its sockets open, and says nothing where it does not come", () => {
    const gate = new SearchGate();
    const [first, second, third] = [
      new Rig({ gate }),
      new Rig({ gate, otherPin: "another" }),
      new Rig({ gate, otherPin: "a third" }),
    ];
    for (const [index, rig] of [first, second, third].entries())
      rig.list = {
        ...rig.list,
        candidates: [{ kind: "reflexive", address: { address: `203.0.113.${index}`, port: 5 } }],
      };
    first.search.invited(performance.now());
    second.search.invited(performance.now());
    vi.advanceTimersByTime(searchGapMs - 5000);
    expect([first.sent.length, second.sent, second.said]).toEqual([searchChecks, [], []]);
    third.search.invited(performance.now());
    vi.advanceTimersByTime(5000 + searchLookMs);
    expect([second.sent, third.sent.length > 0, third.said]).toEqual([[], true, [done]]);
    third.search.close();
    // Its turn was not spent.
    vi.advanceTimersByTime(searchGapMs);
    second.search.invited(performance.now());
    vi.advanceTimersByTime(50);
    expect([second.sent.length, second.said]).toEqual([8, [done]]);
  });

  it("searches an IP address once in 10 minutes, whoever asks for it", () => {
    const gate = new SearchGate();
    const [first, second] = [new Rig({ gate }), new Rig({ gate, otherPin: "another" })];
    first.search.invited(0);
    first.search.close();
    vi.advanceTimersByTime(searchGapMs);
    first.search.invited(performance.now());
    second.search.invited(performance.now());
    vi.advanceTimersByTime(60_000);
    expect([first.sent, second.sent]).toEqual([[], []]);
  });

  it.each<[string, Kinds]>([
    ["in one connection", {}],
    ["in one after the other", { gate: new SearchGate() }],
  ])("has one search of a peer in 10 minutes, whichever addresses that names, %s", (_case, kinds) => {
    let rig = new Rig(kinds);
    const inviteTo = (address: string, nowMs: number): number => {
      if (kinds.gate) rig = new Rig(kinds);
      rig.list = { ...rig.list, candidates: [{ kind: "reflexive", address: { address, port: 5000 } }] };
      rig.search.invited(nowMs);
      vi.advanceTimersByTime(10_000);
      return rig.sent.filter((to) => to.address === address).length;
    };
    expect([inviteTo("203.0.113.9", 0), inviteTo("203.0.113.10", searchGapMs)]).toEqual([searchChecks, 0]);
    expect(inviteTo("203.0.113.11", searchRestMs)).toBe(searchChecks);
  });

  it.each<[string, Kinds]>([
    ["not both want it", { isWanted: false }],
    ["both NATs keep to one port", { theirs: "endpoint-independent" }],
    ["both choose at random", { own: "random" }],
    ["a NAT is not known", { own: "unknown" }],
    ["the other one tells no public address", { candidates: [{ kind: "host", address: theirs }] }],
  ])("sends nothing where %s", (_case, kinds) => {
    const rig = new Rig(kinds);
    expect(rig.search.begin(0)).toBe(false);
    rig.search.invited(0);
    vi.advanceTimersByTime(60_000);
    expect([rig.sent, rig.overs]).toEqual([[], 0]);
  });

  it("sends nothing to an address that may not be checked", () => {
    const rig = new Rig({});
    rig.refused.add(theirs.address);
    expect(rig.search.begin(0)).toBe(false);
    rig.search.invited(0);
    vi.advanceTimersByTime(60_000);
    expect(rig.sent).toEqual([]);
  });

  it("takes 30 s at most, however little room the limit has", () => {
    const limit = { take: (_amount: number, nowMs: number) => nowMs % 1000 === 0 } as TokenBucket;
    const rig = new Rig({ limit });
    rig.search.invited(0);
    vi.advanceTimersByTime(searchOpenMs - 1);
    expect([rig.sent.length > 100, rig.overs]).toEqual([true, 0]);
    vi.advanceTimersByTime(60_000);
    expect([rig.sent.length < searchChecks, rig.overs]).toEqual([true, 1]);
  });

  it("ends with its connection", () => {
    const rig = new Rig({});
    rig.search.invited(0);
    rig.search.close();
    vi.advanceTimersByTime(60_000);
    expect([rig.sent, rig.overs]).toEqual([[], 0]);
  });
});
