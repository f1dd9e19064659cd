import { describe, expect, it } from "vitest";
import * as defaults from "../../../src/defaults/index.ts";
import {
  type EndReason,
  type Quota,
  type Registration,
  type RegistrationObserver,
  Registry,
  type RegistrationSpec,
} from "../../../src/registry/index.ts";
import type { StunProof, StunVerdict } from "../../../src/forwarder/index.ts";
import type { PeerAddress } from "../../../src/wire/address.ts";
import { deriveConnectionId } from "../../../src/wire/connection-id.ts";
import { createFakeForwarder, type FakeForwarder, fakeRelayAddress } from "./fake-forwarder.ts";

const quota: Quota = { maxRegistrations: 4, maxCids: 40, bytesPerSecond: 1000, maxTtlMs: 100_000 };
const aliceAddress = { address: "203.0.113.7", port: 1111 };
const bobAddress = { address: "2001:db8::1", port: 2222 };
const destinationId = Buffer.from("8394c8f03e515708", "hex");

function keyOf(fill: number): Uint8Array {
  return new Uint8Array(16).fill(fill);
}

interface Setup {
  readonly registry: Registry;
  readonly forwarder: FakeForwarder;
  /** Registers 10 connection IDs for a minute unless told otherwise, from an address that is proven now. */
  register(
    subject: string,
    key: number,
    change?: Partial<RegistrationSpec> & { readonly address?: PeerAddress },
  ): ReturnType<Registry["register"]>;
  pass(ms: number): void;
  sweep(): number;
}

function setUp(
  options: { maxRegistrations?: number; maxCids?: number; observers?: RegistrationObserver[] } = {},
): Setup {
  let nowMs = 1_000_000;
  const forwarder = createFakeForwarder();
  const registry = new Registry({
    forwarder,
    maxRegistrations: 100,
    maxCids: 1000,
    ...options,
    now: () => nowMs,
  });
  return {
    registry,
    forwarder,
    register: (subject, key, { address, ...change } = {}) =>
      registry.register({
        subject,
        account: subject,
        quota,
        ratedBy: "subject",
        key: keyOf(key),
        num: 10,
        ttlMs: 60_000,
        proof: address ? { address, atMs: nowMs } : null,
        ...change,
      }),
    pass: (ms) => {
      nowMs += ms;
    },
    sweep: () => [...registry.sweep()].length,
  };
}

let transactions = 0;

/** A new request of a registration, with a nonce that is newer than all before unless told otherwise. */
function prove(registry: Registry, id: string, address: PeerAddress, madeAtMs?: number): StunVerdict {
  const transactionId = `transaction ${++transactions}`;
  const proof = { address, madeAtMs: madeAtMs ?? 1_000_000 + transactions / 1000, transactionId };
  return proven(registry, id, proof);
}

function proven(registry: Registry, id: string, proof: StunProof): StunVerdict {
  return registry.stunRegistration(id)!.proven(proof);
}

/** The code that a call throws. */
function codeOf(call: () => unknown): unknown {
  try {
    call();
    return undefined;
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
}

describe("register", () => {
  it("opens a session with the derived connection IDs", () => {
    const { register, forwarder } = setUp();
    const registration = register("alice", 1, { address: aliceAddress });
    expect(registration).toMatchObject({
      subject: "alice",
      num: 10,
      address: aliceAddress,
      expiresAtMs: 1_060_000,
    });
    const [spec] = forwarder.sessions.values();
    expect(spec).toMatchObject({ address: aliceAddress, expiresAtMs: 1_060_000 });
    expect(forwarder.buckets.get(spec!.bucket)).toMatchObject({ bytesPerSecond: 1000 });
    expect(spec!.cids).toHaveLength(120);
    expect(spec!.cids.subarray(0, 12)).toEqual(deriveConnectionId(keyOf(1), 1));
    expect(spec!.cids.subarray(108)).toEqual(deriveConnectionId(keyOf(1), 10));
  });

  it("gives each registration a random id of its own", () => {
    const { register } = setUp();
    const ids = [register("alice", 1).id, register("alice", 2).id];
    expect(new Set(ids).size).toBe(2);
    for (const id of ids) expect(id).toMatch(/^[\w-]{22}$/);
  });

  it("refreshes what the same subject holds for the same key", () => {
    const { register, registry, forwarder, pass } = setUp();
    const { id } = register("alice", 1, { address: aliceAddress });
    pass(50_000);
    expect(register("alice", 1)).toMatchObject({ id, address: aliceAddress, expiresAtMs: 1_110_000 });
    expect(register("alice", 1, { address: bobAddress }).address).toBe(bobAddress);
    expect([...forwarder.sessions.values()]).toMatchObject([{ address: bobAddress, expiresAtMs: 1_110_000 }]);
    expect(registry.stats()).toMatchObject({ registrations: 1, cids: 10 });
  });

  it("grows and shrinks a registration", () => {
    const { register, registry, forwarder } = setUp();
    register("alice", 1);
    for (const num of [15, 3]) {
      register("alice", 1, { num });
      expect(registry.stats()).toMatchObject({ registrations: 1, cids: num });
      expect(forwarder.stats().routes).toBe(num);
    }
  });

  it("refuses connection IDs of another subject, however many are asked for", () => {
    const { register, registry } = setUp();
    register("alice", 1);
    for (const num of [1, 10, 20])
      expect(codeOf(() => register("mallory", 1, { num }))).toBe("ERR_QUICPIPE_CID_CONFLICT");
    expect(registry.list("mallory")).toEqual([]);
    expect(registry.stats()).toMatchObject({ registrations: 1, cids: 10 });
  });

  it("registers nothing if only a later connection ID is taken", () => {
    const { register, registry, forwarder } = setUp();
    // Nobody finds such a key, so the data plane is told of one by hand.
    register("alice", 1, { num: 1 });
    const [session] = forwarder.sessions.keys();
    forwarder.updateSession(session!, { cids: deriveConnectionId(keyOf(2), 5) });
    expect(codeOf(() => register("bob", 2))).toBe("ERR_QUICPIPE_CID_CONFLICT");
    expect(registry.stats()).toMatchObject({ registrations: 1, cids: 1 });
    expect(forwarder.stats().routes).toBe(1);
  });

  it("refuses the relay's own address", () => {
    const { register, registry } = setUp();
    expect(codeOf(() => register("alice", 1, { address: fakeRelayAddress }))).toBe(
      "ERR_QUICPIPE_OWN_ADDRESS",
    );
    expect(registry.stats().registrations).toBe(0);
  });

  it("cuts a lifetime to the quota, and a narrower token's at the next refresh", () => {
    const { register } = setUp();
    expect(register("alice", 1, { ttlMs: 1e9 }).expiresAtMs).toBe(1_100_000);
    expect(register("alice", 1, { quota: { ...quota, maxTtlMs: 5000 } }).expiresAtMs).toBe(1_005_000);
  });

  it.each([
    ["ERR_QUICPIPE_REGISTRATION_QUOTA", { quota: { ...quota, maxRegistrations: 1 } }],
    ["ERR_QUICPIPE_CID_QUOTA", { quota: { ...quota, maxCids: 19 } }],
  ])("answers %s to what a subject may not have, and lets it refresh what it has", (code, change) => {
    const { register, registry } = setUp();
    register("alice", 1, change);
    expect(codeOf(() => register("alice", 2, change))).toBe(code);
    expect(registry.stats().registrations).toBe(1);
    expect(codeOf(() => register("alice", 1, change))).toBeUndefined();
    expect(codeOf(() => register("bob", 3, change))).toBeUndefined();
  });

  it("refuses a refresh that grows over the quota, and keeps the registration", () => {
    const { register, registry } = setUp();
    register("alice", 1);
    expect(codeOf(() => register("alice", 1, { num: 41 }))).toBe("ERR_QUICPIPE_CID_QUOTA");
    expect(registry.list("alice")).toMatchObject([{ num: 10 }]);
  });

  it.each([{ maxRegistrations: 1 }, { maxCids: 19 }])("answers that the table is full with %j", (limits) => {
    const { register, registry } = setUp(limits);
    register("alice", 1);
    expect(codeOf(() => register("bob", 2))).toBe("ERR_QUICPIPE_TABLE_FULL");
    expect(codeOf(() => register("alice", 1))).toBeUndefined();
    expect(registry.stats()).toMatchObject({ registrations: 1, cids: 10 });
  });

  it.each([
    ["registrations", { maxRegistrations: 8 }],
    ["connection IDs", { maxCids: 80 }],
  ])("keeps the last quarter of the %s for those who hold none", (_of, limits) => {
    const { register, registry } = setUp(limits);
    const wide = { quota: { ...quota, maxRegistrations: 100, maxCids: 1000 } };
    for (let key = 1; key <= 3; key++)
      for (const [i, of] of ["a", "b"].entries()) register(of, 10 * i + key, wide);
    for (const of of ["a", "b"]) expect(codeOf(() => register(of, 77, wide))).toBe("ERR_QUICPIPE_TABLE_FULL");
    expect(codeOf(() => register("c", 31, wide))).toBeUndefined();
    expect(codeOf(() => register("c", 32, wide))).toBe("ERR_QUICPIPE_TABLE_FULL");
    expect(codeOf(() => register("d", 41, wide))).toBeUndefined();
    expect(codeOf(() => register("e", 51, wide))).toBe("ERR_QUICPIPE_TABLE_FULL");
    expect(registry.stats().registrations).toBe(8);
  });

  it("refreshes what is there however full the table is, but lets it grow only where there is room", () => {
    const { register, registry } = setUp({ maxCids: 40 });
    register("alice", 1);
    register("alice", 2);
    register("bob", 3);
    expect(codeOf(() => register("alice", 1))).toBeUndefined();
    expect(codeOf(() => register("alice", 1, { num: 11 }))).toBe("ERR_QUICPIPE_TABLE_FULL");
    expect(codeOf(() => register("bob", 3, { num: 11 }))).toBe("ERR_QUICPIPE_TABLE_FULL");
    expect(codeOf(() => register("alice", 1, { num: 9 }))).toBeUndefined();
    expect(codeOf(() => register("bob", 3, { num: 11 }))).toBeUndefined();
    expect(registry.stats().cids).toBe(30);
  });

  it("leaves a registration as it was where the data plane cannot change it", () => {
    const { register, registry, forwarder } = setUp();
    const rated = { ratedBy: "address", address: aliceAddress } as const;
    const { id } = register("alice", 1, rated);
    const before = { ...registry.get(id)! };
    const { updateSession } = forwarder;
    forwarder.updateSession = () => {
      throw Object.assign(new RangeError("no memory"), { code: "ENOMEM" });
    };
    expect(codeOf(() => register("alice", 1, { ...rated, address: bobAddress, num: 12 }))).toBe("ENOMEM");
    expect(codeOf(() => prove(registry, id, bobAddress))).toBe("ENOMEM");
    expect(registry.get(id)).toEqual(before);
    expect(registry.stats()).toMatchObject({ cids: 10, rateBuckets: { open: 1 } });
    forwarder.updateSession = updateSession;
    expect(prove(registry, id, bobAddress)).toBe("accepted");
    expect(registry.end(id)).toBe(true);
    expect(registry.stats().rateBuckets.open).toBe(0);
  });

  it("refuses what is new while it drains, and refreshes what is there", () => {
    const { register, registry } = setUp();
    register("alice", 1);
    registry.drain();
    expect(codeOf(() => register("alice", 2))).toBe("ERR_QUICPIPE_DRAINING");
    expect(codeOf(() => register("alice", 1, { num: 12 }))).toBeUndefined();
  });
});

describe("a registration whose time is over", () => {
  it("counts as gone before any sweep", () => {
    const { register, registry, pass } = setUp();
    const { id } = register("alice", 1, { address: aliceAddress });
    expect(registry.ofKey(keyOf(1))?.id).toBe(id);
    pass(60_000);
    expect(registry.get(id)).toBeUndefined();
    expect(registry.list("alice")).toEqual([]);
    expect(registry.at("alice", aliceAddress)).toBeUndefined();
    expect(registry.secretOf(id)).toBeUndefined();
    expect(registry.stunRegistration(id)).toBeUndefined();
    expect(registry.end(id)).toBe(false);
    // Last, as this ends it.
    expect(registry.ofKey(keyOf(1))).toBeUndefined();
  });

  it("frees its connection IDs for the next registration", () => {
    const { register, registry, pass } = setUp();
    const { id } = register("alice", 1);
    pass(60_000);
    expect(register("bob", 1).id).not.toBe(id);
    expect(registry.stats()).toMatchObject({ registrations: 1, cids: 10 });
  });

  it("does not count against its subject's quota", () => {
    const { register, pass, registry } = setUp();
    const narrow = { quota: { ...quota, maxRegistrations: 1 } };
    register("alice", 1, narrow);
    pass(60_000);
    register("alice", 2, narrow);
    expect(registry.stats()).toMatchObject({ registrations: 1, cids: 10 });
  });

  it("is ended by the sweep, with its routes", () => {
    const { register, registry, forwarder, pass, sweep } = setUp();
    register("alice", 1);
    register("bob", 2, { ttlMs: 90_000 });
    pass(60_000 + defaults.sweepIntervalMs);
    expect(sweep()).toBe(1);
    expect(registry.stats()).toMatchObject({ registrations: 1, cids: 10 });
    expect(forwarder.sessions.size).toBe(1);
    pass(30_000);
    expect(sweep()).toBe(1);
    expect(forwarder.stats()).toMatchObject({ sessions: 0, routes: 0 });
  });

  it("lives on if it was renewed in time", () => {
    const { register, registry, pass, sweep } = setUp();
    const { id } = register("alice", 1);
    pass(59_000);
    expect(prove(registry, id, aliceAddress)).toBe("accepted");
    pass(59_000);
    expect(sweep()).toBe(0);
    expect(registry.get(id)).toMatchObject({ address: aliceAddress, expiresAtMs: 1_119_000 });
  });
});

describe("ownership", () => {
  it("shows and ends only the owner's registrations where an owner is named", () => {
    const { register, registry } = setUp();
    const { id } = register("alice", 1);
    register("bob", 2);
    expect(registry.list("alice").map((registration) => registration.id)).toEqual([id]);
    expect(registry.get(id, "bob")).toBeUndefined();
    expect(registry.end(id, "bob")).toBe(false);
    expect(registry.get(id, "alice")).toMatchObject({ id });
    expect(registry.end(id, "alice")).toBe(true);
    expect(registry.end(id)).toBe(false);
    expect(registry.stats()).toMatchObject({ registrations: 1, cids: 10 });
  });
});

describe("STUN authority", () => {
  it("has a secret for each live registration that differs between relays", () => {
    const [one, other] = [setUp(), setUp()];
    const { id } = one.register("alice", 1);
    const second = one.register("alice", 2);
    expect(one.registry.secretOf(id)).toMatch(/^[\w-]{43}$/);
    expect(one.registry.secretOf(id)).toBe(one.registry.secretOf(id));
    expect(one.registry.secretOf(second.id)).not.toBe(one.registry.secretOf(id));
    expect(other.registry.secretOf(id)).toBeUndefined();
    expect(one.registry.secretOf("nobody")).toBeUndefined();
  });

  it("moves a registration to the proven address and renews it", () => {
    const { register, registry, forwarder, pass } = setUp();
    const { id } = register("alice", 1, { address: aliceAddress });
    pass(1000);
    expect(prove(registry, id, bobAddress)).toBe("accepted");
    expect([...forwarder.sessions.values()]).toMatchObject([{ address: bobAddress, expiresAtMs: 1_061_000 }]);
    expect(registry.at("alice", bobAddress)).toMatchObject({ id });
    expect(registry.at("alice", aliceAddress)).toBeUndefined();
  });

  it("leaves one where a newer proof says that it is, by STUN or by HTTP", () => {
    const { register, registry, pass } = setUp();
    const { id } = register("alice", 1);
    expect(prove(registry, id, aliceAddress, 1_000_000.5)).toBe("accepted");
    expect(prove(registry, id, bobAddress, 1_000_001)).toBe("accepted");
    expect(prove(registry, id, aliceAddress, 1_000_000.5)).toBe("outdated");
    expect(registry.get(id)!.address).toBe(bobAddress);
    pass(5000);
    register("alice", 1, { address: aliceAddress });
    expect(prove(registry, id, bobAddress, 1_004_999)).toBe("outdated");
    expect(registry.get(id)!.address).toBe(aliceAddress);
    expect(prove(registry, id, bobAddress, 1_005_001)).toBe("accepted");
  });

  it("follows a peer to another address of this host, and back only with a newer proof", () => {
    const { register, registry, forwarder } = setUp();
    const { id } = register("alice", 1);
    const one = { ...aliceAddress, local: "192.0.2.1" };
    const other = { ...aliceAddress, local: "192.0.2.11" };
    expect(prove(registry, id, one, 1_000_001)).toBe("accepted");
    expect(prove(registry, id, other, 1_000_002)).toBe("accepted");
    expect([...forwarder.sessions.values()]).toMatchObject([{ address: other }]);
    expect(prove(registry, id, one, 1_000_001)).toBe("outdated");
    expect([...forwarder.sessions.values()]).toMatchObject([{ address: other }]);
  });

  it("renews one that stays where it is with the nonce at hand, whatever HTTP has proven since", () => {
    const { register, registry, pass } = setUp();
    const { id } = register("alice", 1);
    prove(registry, id, aliceAddress, 1_000_040);
    pass(50);
    register("alice", 1, { address: aliceAddress });
    pass(950);
    expect(prove(registry, id, aliceAddress, 1_000_040)).toBe("accepted");
    expect(registry.get(id)!.expiresAtMs).toBe(1_061_000);
    // The older nonce took nothing back.
    expect(prove(registry, id, bobAddress, 1_000_045)).toBe("outdated");
  });

  it("changes nothing for a transaction that comes again", () => {
    const { register, registry, pass } = setUp();
    const { id } = register("alice", 1);
    const proof = { address: aliceAddress, madeAtMs: 1_000_000, transactionId: "once" };
    expect(proven(registry, id, proof)).toBe("accepted");
    pass(1000);
    expect(proven(registry, id, { ...proof, address: { ...aliceAddress } })).toBe("repeated");
    expect(registry.get(id)!.expiresAtMs).toBe(1_060_000);
    // From elsewhere it is another request, whatever it is called.
    expect(proven(registry, id, { ...proof, address: bobAddress, madeAtMs: 1_000_001 })).toBe("accepted");
  });

  it("moves one only with a nonce that is newer than the newest proof", () => {
    const { register, registry } = setUp();
    const { id } = register("alice", 1, { address: aliceAddress });
    expect(prove(registry, id, bobAddress, 1_000_000)).toBe("outdated");
    expect(prove(registry, id, bobAddress, 1_000_000.1)).toBe("accepted");
    expect(prove(registry, id, aliceAddress, 1_000_000.1)).toBe("outdated");
  });

  it("is not kept by captured requests that are sent again in turn", () => {
    const { register, registry, pass } = setUp();
    const { id } = register("alice", 1);
    const captured = [1, 1, 1, 2, 2].map((nonce, i) => ({
      address: aliceAddress,
      madeAtMs: 1_000_000 + nonce,
      transactionId: `captured ${i}`,
    }));
    for (const proof of captured) expect(proven(registry, id, proof)).toBe("accepted");
    pass(1000);
    const verdicts = [...captured, ...captured].map((proof) => proven(registry, id, proof));
    const once = ["outdated", "outdated", "outdated", "repeated", "repeated"];
    expect(verdicts).toEqual([...once, ...once]);
    // Nor do they once the peer was elsewhere and came back.
    register("alice", 1, { address: bobAddress });
    register("alice", 1, { address: aliceAddress, ttlMs: 50_000 });
    expect(captured.map((proof) => proven(registry, id, proof))).toEqual(once);
    expect(registry.get(id)!.expiresAtMs).toBe(1_051_000);
  });

  it("asks for a new nonce once one has renewed a registration as often as it may", () => {
    const { register, registry } = setUp();
    const { id } = register("alice", 1);
    const verdicts = Array.from({ length: defaults.maxRequestsPerNonce + 1 }, () =>
      prove(registry, id, aliceAddress, 1_000_001),
    );
    expect(verdicts.filter((verdict) => verdict === "accepted")).toHaveLength(defaults.maxRequestsPerNonce);
    expect(verdicts.at(-1)).toBe("outdated");
    expect(prove(registry, id, aliceAddress, 1_000_002)).toBe("accepted");
  });

  it("never moves one to the relay itself", () => {
    const { register, registry } = setUp();
    const { id } = register("alice", 1, { address: aliceAddress });
    expect(prove(registry, id, fakeRelayAddress)).toBe("refused");
    expect(registry.get(id)!.address).toBe(aliceAddress);
  });
});

describe("routeInitial", () => {
  it("leads to the accepter, for the registration that sent the message", () => {
    const { register, registry, forwarder } = setUp();
    const dialer = register("alice", 1, { address: aliceAddress });
    register("alice", 2);
    const accepter = register("bob", 3);
    const [from, , to] = forwarder.sessions.keys();
    const at = registry.at("alice", aliceAddress);
    expect(at).toMatchObject({ id: dialer.id });
    registry.routeInitial({ destinationId, to: accepter.id, dialer: "alice", from: at!.id });
    expect(forwarder.initialRoutes).toEqual([{ destinationId, to, from, expiresAtMs: 1_030_000 }]);
  });

  it("falls back to the dialer's newest registration", () => {
    const { register, registry, forwarder } = setUp();
    const first = register("alice", 1);
    register("alice", 2);
    const accepter = register("bob", 3);
    const [, newest] = forwarder.sessions.keys();
    registry.routeInitial({ destinationId, to: accepter.id, dialer: "alice", from: undefined });
    registry.end(first.id);
    registry.routeInitial({ destinationId, to: accepter.id, dialer: "alice", from: first.id });
    expect(forwarder.initialRoutes.map((route) => route.from)).toEqual([newest, newest]);
  });

  it("does nothing without a registration on either side", () => {
    const { register, registry, forwarder, pass } = setUp();
    const accepter = register("bob", 3);
    registry.routeInitial({ destinationId, to: accepter.id, dialer: "alice", from: undefined });
    register("alice", 1, { ttlMs: 100_000 });
    pass(60_000);
    registry.routeInitial({ destinationId, to: accepter.id, dialer: "alice", from: undefined });
    expect(forwarder.initialRoutes).toEqual([]);
  });
});

describe("all", () => {
  it("gives the live ones in order of registration, from any of them on", () => {
    const { register, registry, pass } = setUp();
    const subjects = (after?: number): string[] => [...registry.all(after)].map(({ subject }) => subject);
    const alice = register("alice", 1);
    register("bob", 2, { ttlMs: 30_000 });
    register("carol", 3);
    register("alice", 1, { address: aliceAddress });
    expect([subjects(), subjects(alice.ordinal)]).toEqual([
      ["alice", "bob", "carol"],
      ["bob", "carol"],
    ]);
    pass(30_000);
    registry.end(alice.id);
    register("alice", 1);
    expect([subjects(), subjects(alice.ordinal)]).toEqual([
      ["carol", "alice"],
      ["carol", "alice"],
    ]);
  });

  it("may be changed during iteration", () => {
    const { register, registry } = setUp();
    for (const key of [1, 2, 3]) register(`peer-${key}`, key);
    const seen: string[] = [];
    for (const { id, subject } of registry.all()) {
      seen.push(subject);
      registry.end(id);
      if (seen.length === 1) register("late", 4);
    }
    expect(seen).toEqual(["peer-1", "peer-2", "peer-3", "late"]);
    expect(registry.stats().registrations).toBe(0);
  });
});

describe("revoke", () => {
  it("ends any subject's registration, once", () => {
    const { register, registry, forwarder } = setUp();
    const { id } = register("alice", 1);
    expect(registry.countersOf(id)).toMatchObject({ packetsFrom: 0 });
    expect([registry.revoke(id), registry.revoke(id), registry.revoke("nothing")]).toEqual([
      true,
      false,
      false,
    ]);
    expect([forwarder.sessions.size, registry.countersOf(id)]).toEqual([0, undefined]);
  });
});

interface Story extends Setup {
  readonly story: string[];
}

/** A registry, and what an observer of it hears. */
function observe(): Story {
  const story: string[] = [];
  const observer: RegistrationObserver = {
    opened: (registration) => void story.push(`${registration.subject} at ${placeOf(registration)}`),
    moved: (registration) => void story.push(`to ${placeOf(registration)}`),
    ended: ({ subject }, reason: EndReason, counters) =>
      void story.push(`${subject} ${reason} with ${counters.packetsFrom}`),
  };
  return { ...setUp({ observers: [observer] }), story };
}

function placeOf({ address }: Registration): string {
  return address?.address ?? "nowhere";
}

describe("an observer", () => {
  it("is notified of beginning, moves and end, and not of what changes nothing", () => {
    const { register, registry, story } = observe();
    const { id } = register("alice", 1);
    register("alice", 1, { num: 3 });
    prove(registry, id, aliceAddress);
    prove(registry, id, { ...aliceAddress });
    prove(registry, id, { ...aliceAddress, local: "192.0.2.11" });
    register("alice", 1, { address: bobAddress });
    registry.end(id);
    expect(story).toEqual(["alice at nowhere", "to 203.0.113.7", "to 2001:db8::1", "alice ended with 0"]);
  });

  it("gets the reason why each registration is over", () => {
    const { register, registry, pass, sweep, story } = observe();
    registry.revoke(register("revoked", 1).id);
    register("swept", 2, { ttlMs: 10_000 });
    register("replaced", 3, { ttlMs: 10_000 });
    pass(10_000);
    register("bob", 3);
    pass(2 * defaults.sweepIntervalMs);
    sweep();
    registry.close();
    registry.close();
    expect(story.filter((line) => !line.includes(" at "))).toEqual([
      "revoked revoked with 0",
      "replaced expired with 0",
      "swept expired with 0",
      "bob closed with 0",
    ]);
  });
});

describe("close", () => {
  it("forgets all, leaves the data plane as it is, and takes nothing new", () => {
    const { register, registry, forwarder } = setUp();
    const { id } = register("alice", 1);
    registry.close();
    expect([registry.get(id), registry.secretOf(id)]).toEqual([undefined, undefined]);
    expect(registry.stats()).toMatchObject({ registrations: 0, cids: 0 });
    expect(forwarder.sessions.size).toBe(1);
    expect(codeOf(() => register("bob", 2))).toBe("ERR_QUICPIPE_DRAINING");
  });
});
