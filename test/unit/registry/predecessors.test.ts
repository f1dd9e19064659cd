import { describe, expect, it } from "vitest";
import * as defaults from "../../../src/defaults/index.ts";
import {
  type EndReason,
  type Quota,
  type Registration,
  Registry,
  type RegistrationSpec,
} from "../../../src/registry/index.ts";
import { predecessorsOf } from "../../../src/registry/predecessors.ts";
import { createFakeForwarder } from "./fake-forwarder.ts";

const quota: Quota = { maxRegistrations: 4, maxCids: 40, bytesPerSecond: 1000, maxTtlMs: 100_000 };

interface Setup {
  readonly registry: Registry;
  /** Registers 10 connection IDs for a minute unless told otherwise. */
  register(subject: string, key: number, change?: Partial<RegistrationSpec>): Registration;
  pass(ms: number): void;
  /** What bob's killed process holds: all of his quota. */
  readonly left: readonly Registration[];
  /** IDs of the registrations that have ended, and why. */
  readonly ended: readonly (readonly [id: string, reason: EndReason])[];
}

function ranBy(name: string, holder = "bob's secret"): Pick<RegistrationSpec, "instance"> {
  return { instance: { holder, run: name } };
}

/** Bob's quota, used up by a process that was killed just now. */
function setUp(): Setup {
  let nowMs = 1_000_000;
  const ended: [string, EndReason][] = [];
  const registry = new Registry({
    forwarder: createFakeForwarder(),
    maxRegistrations: 100,
    maxCids: 1000,
    now: () => nowMs,
    observers: [
      {
        opened: () => undefined,
        moved: () => undefined,
        ended: ({ id }, reason) => void ended.push([id, reason]),
      },
    ],
  });
  const register: Setup["register"] = (subject, key, change = {}) =>
    registry.register({
      subject,
      account: subject,
      quota,
      ratedBy: "subject",
      key: new Uint8Array(16).fill(key),
      num: 10,
      ttlMs: 60_000,
      proof: null,
      ...change,
    });
  const left = [1, 2, 3, 4].map((key) => register("bob", key, ranBy("killed")));
  return { registry, register, pass: (ms) => void (nowMs += ms), left, ended };
}

const ttlMs = 120_000;
const nowMs = 1_000_000;

/** A registration of `holder` and `run` that was renewed `agoMs` ago. */
function kept(id: string, holder: string, run: string, agoMs: number) {
  return { id, instance: { holder, run }, ttlMs, expiresAtMs: nowMs - agoMs + ttlMs };
}

const idsOf = (entries: readonly { readonly id: string }[]): string[] => entries.map(({ id }) => id);

describe("what predecessors have left behind", () => {
  const own = { holder: "bob", run: "today" };
  const dead = defaults.silentRunMs;

  it("is the registrations of silent processes of the same holder, in their order", () => {
    const entries = [
      kept("first", "bob", "yesterday", dead + 5000),
      kept("second", "bob", "before", dead),
      kept("own", "bob", "today", dead),
      kept("stranger's", "eve", "yesterday", dead),
      { id: "nameless", instance: undefined, ttlMs, expiresAtMs: nowMs },
    ];
    expect(idsOf(predecessorsOf(entries, own, nowMs))).toEqual(["first", "second"]);
  });

  it("is nothing of a process that has renewed one of its registrations lately", () => {
    const entries = [
      kept("old", "bob", "beside", dead + 50_000),
      kept("new", "bob", "beside", dead - 1),
      kept("dead", "bob", "yesterday", dead),
    ];
    expect(idsOf(predecessorsOf(entries, own, nowMs))).toEqual(["dead"]);
  });
});

describe("a peer that was started again", () => {
  const quotaError = expect.objectContaining({ code: "ERR_QUICPIPE_REGISTRATION_QUOTA" }) as Error;

  it("has the places of its silent predecessor, as many as it takes, oldest first", () => {
    const { registry, register, pass, left, ended } = setUp();
    pass(defaults.silentRunMs);
    const made = register("bob", 5, ranBy("again"));
    expect(ended).toEqual([[left[0]!.id, "ended"]]);
    expect(registry.list("bob").map(({ id }) => id)).toEqual([...left.slice(1), made].map(({ id }) => id));
  });

  it("waits for a predecessor that may still live", () => {
    const { register, pass } = setUp();
    pass(defaults.silentRunMs - 1);
    expect(() => register("bob", 5, ranBy("again"))).toThrow(quotaError);
  });

  it("is refused where one of the predecessor's registrations was renewed meanwhile", () => {
    const { register, pass } = setUp();
    pass(defaults.silentRunMs - 1);
    register("bob", 4, ranBy("killed"));
    pass(defaults.silentRunMs - 1);
    expect(() => register("bob", 5, ranBy("again"))).toThrow(quotaError);
  });

  it("gets nothing of strangers: of another holder in its account, or of its holder in another account", () => {
    const { register, pass } = setUp();
    for (const key of [11, 12, 13, 14]) register("eve", key, ranBy("hers", "eve's secret"));
    pass(defaults.silentRunMs);
    expect(() => register("bob", 5, ranBy("again", "another secret"))).toThrow(quotaError);
    expect(() => register("bob", 5)).toThrow(quotaError);
    expect(() => register("eve", 15, ranBy("again"))).toThrow(quotaError);
  });

  it("keeps a registration that it refreshes in another process's name, and frees nothing for it", () => {
    const { registry, register, pass, ended } = setUp();
    pass(defaults.silentRunMs);
    register("bob", 4, ranBy("again"));
    register("bob", 4, { ...ranBy("again"), num: 5 });
    expect([ended, registry.list("bob").length]).toEqual([[], 4]);
  });

  it("gets connection IDs as well where those are used up", () => {
    const { register, pass, ended } = setUp();
    pass(defaults.silentRunMs);
    register("bob", 5, { ...ranBy("again"), num: 25 });
    expect(ended).toHaveLength(3);
  });
});
