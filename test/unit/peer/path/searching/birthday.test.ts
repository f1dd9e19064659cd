import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createCheckLimit } from "../../../../../src/peer/path/seeking/checklist.ts";
import {
  searchAnswerMs,
  searchChecks,
  searchRestMs,
  searchWaitMs,
} from "../../../../../src/defaults/index.ts";
import type { NatKind } from "../../../../../src/peer/nat/report.ts";
import type { Candidate, CandidateList } from "../../../../../src/peer/path/control/messages.ts";
import { type BirthdayParts, BirthdaySearch } from "../../../../../src/peer/path/searching/birthday.ts";
import type { CheckOwner } from "../../../../../src/peer/path/seeking/checks.ts";
import { SearchGate } from "../../../../../src/peer/path/searching/gate.ts";
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
}

/** A search, and what it does. */
class Rig {
  readonly sent: Address[] = [];
  readonly asked: Address[] = [];
  overs = 0;
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
      limit: createCheckLimit(performance.now()),
      owner: { permits: ({ address }) => !this.refused.has(address) } as CheckOwner,
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

describe("the side whose NAT keeps to one port", () => {
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

  it("stops and asks where a check of the other one comes from there, and not from elsewhere", () => {
    const rig = new Rig({});
    rig.search.invited(0);
    vi.advanceTimersByTime(50);
    rig.search.heard({ ...theirs, address: "203.0.113.10" }, 50);
    vi.advanceTimersByTime(50);
    const found = { ...theirs, port: 40_000 };
    rig.search.heard(found, 100);
    rig.search.heard(found, 101);
    expect([rig.sent.length, rig.asked, rig.search.begin(101)]).toEqual([16, [found], true]);
    vi.advanceTimersByTime(searchAnswerMs);
    expect([rig.sent.length, rig.overs, rig.search.begin(0)]).toEqual([16, 1, true]);
  });

  it("searches an IP address once in 10 minutes, whoever asks for it", () => {
    const gate = new SearchGate();
    const [first, second] = [new Rig({ gate }), new Rig({ gate })];
    first.search.invited(0);
    second.search.invited(0);
    first.search.reset();
    first.search.invited(10);
    vi.advanceTimersByTime(60_000);
    expect([first.sent, second.sent]).toEqual([[], []]);
  });

  it("has one search in 10 minutes, whichever addresses the other side names", () => {
    const rig = new Rig({});
    const inviteTo = (address: string, nowMs: number): number => {
      rig.list = { ...rig.list, candidates: [{ kind: "reflexive", address: { address, port: 5000 } }] };
      rig.search.invited(nowMs);
      vi.advanceTimersByTime(10_000);
      return rig.sent.filter((to) => to.address === address).length;
    };
    expect([inviteTo("203.0.113.9", 0), inviteTo("203.0.113.10", 10_000)]).toEqual([searchChecks, 0]);
    expect(inviteTo("203.0.113.11", searchRestMs)).toBe(searchChecks);
  });

  it.each<[string, Kinds]>([
    ["not both want it", { isWanted: false }],
    ["both NATs keep to one port", { theirs: "endpoint-independent" }],
    ["both choose at random", { own: "random" }],
    ["a NAT is not known", { own: "unknown" }],
    ["the other one tells no public address", { candidates: [{ kind: "host", address: theirs }] }],
    [
      "that is of IPv6",
      { candidates: [{ kind: "reflexive", address: { address: "2001:db8::1", port: 5 } }] },
    ],
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

  it("ends with its connection", () => {
    const rig = new Rig({});
    rig.search.invited(0);
    rig.search.reset();
    vi.advanceTimersByTime(60_000);
    expect([rig.sent, rig.overs]).toEqual([[], 0]);
  });
});
