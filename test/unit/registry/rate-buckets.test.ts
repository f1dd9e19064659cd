import { describe, expect, it } from "vitest";
import * as defaults from "../../../src/defaults/index.ts";
import { type Quota, type RegistrationSpec, Registry } from "../../../src/registry/index.ts";
import { RateBuckets } from "../../../src/registry/rate-buckets.ts";
import type { Address } from "../../../src/wire/address.ts";
import { createFakeForwarder, type FakeForwarder } from "./fake-forwarder.ts";

const quota: Quota = { maxRegistrations: 1e6, maxCids: 1e6, bytesPerSecond: 1000, maxTtlMs: 1e9 };
const home = { address: "203.0.113.7", port: 1 };

interface Setup {
  readonly registry: Registry;
  readonly forwarder: FakeForwarder;
  /** Registers one connection ID of a key for a minute unless told otherwise. */
  register(subject: string, key: number, change?: Partial<RegistrationSpec>): string;
  /** Has STUN prove an address. */
  prove(id: string, address: Address): void;
  /** The buckets that the sessions draw from, in the order of their registration. */
  drawn(): number[];
  /** Has that much time pass, and all buckets lack what they are told. */
  pass(ms: number): void;
}

function setUp(): Setup {
  let nowMs = 1_000_000;
  let proofs = 0;
  const forwarder = createFakeForwarder();
  const registry = new Registry({ forwarder, maxRegistrations: 1e6, maxCids: 1e6, now: () => nowMs });
  return {
    registry,
    forwarder,
    register(subject, key, change = {}) {
      const bytes = new Uint8Array(16);
      new DataView(bytes.buffer).setUint32(0, key);
      const request = {
        subject,
        account: subject,
        quota,
        ratedBy: "subject",
        key: bytes,
        num: 1,
        ttlMs: 60_000,
        proof: null,
      };
      return registry.register({ ...request, ...change } as RegistrationSpec).id;
    },
    prove(id, address) {
      const transactionId = String(++proofs);
      // No two nonces are of the same time.
      expect(
        registry.stunRegistration(id)!.proven({ address, madeAtMs: nowMs + proofs / 1000, transactionId }),
      ).toBe("accepted");
    },
    drawn: () => [...forwarder.sessions.values()].map(({ bucket }) => bucket),
    pass(ms) {
      nowMs += ms;
      for (const bucket of forwarder.buckets.values()) bucket.missingMs = Math.max(0, bucket.missingMs - ms);
      for (const _ of registry.sweep());
    },
  };
}

function drain({ forwarder, drawn }: Setup, missingMs: number): void {
  forwarder.buckets.get(drawn().at(-1)!)!.missingMs = missingMs;
}

function rate(bytesPerSecond: number): Partial<RegistrationSpec> {
  return { quota: { ...quota, bytesPerSecond } };
}

/** A registration that is rated by its address. */
function by(address: string | null): Partial<RegistrationSpec> {
  return { ratedBy: "address", proof: address === null ? null : { address: { address, port: 1 }, atMs: 1 } };
}

describe("the rate of a subject", () => {
  it("is one bucket of a subject and of those that it has invited", () => {
    const { register, drawn } = setUp();
    register("bob", 1);
    register("bob/invite/x", 2, { account: "bob" });
    register("alice", 3);
    const [bobs, guests, alices] = drawn();
    expect(guests).toBe(bobs);
    expect(alices).not.toBe(bobs);
  });

  it("is one bucket, however many registrations it has", () => {
    const { register, drawn, forwarder } = setUp();
    for (let key = 0; key < 40; key++) register("alice", key);
    register("bob", 100);
    expect(new Set(drawn().slice(0, 40)).size).toBe(1);
    expect(drawn()[40]).not.toBe(drawn()[0]);
    expect(forwarder.buckets.size).toBe(2);
  });

  it("is not renewed by a registration that is ended and made anew", () => {
    const setup = setUp();
    const { register, registry, drawn, forwarder } = setup;
    const id = register("alice", 1);
    const [bucket] = drawn();
    drain(setup, 65_000);
    registry.end(id);
    expect(forwarder.buckets.size).toBe(1);
    setup.pass(60_000);
    register("alice", 2);
    expect(drawn()).toEqual([bucket]);
  });

  it("is forgotten once its bucket is full, and no sooner", () => {
    const setup = setUp();
    const { register, registry, forwarder } = setup;
    const id = register("alice", 1);
    drain(setup, 5000);
    registry.end(id);
    setup.pass(4999);
    expect(registry.stats().rateBuckets).toEqual({ open: 1, forgiven: 0 });
    setup.pass(1 + defaults.sweepIntervalMs);
    expect([forwarder.buckets.size, registry.stats().rateBuckets.open]).toEqual([0, 0]);
  });

  it("stays as long as a bucket lacks something, also what was taken after it was left", () => {
    const setup = setUp();
    const { register, registry, forwarder } = setup;
    const id = register("alice", 1);
    const bucket = forwarder.buckets.get(setup.drawn()[0]!)!;
    bucket.missingMs = 5000;
    registry.end(id);
    bucket.missingMs = 3_600_000;
    setup.pass(10_000);
    expect(forwarder.buckets.size).toBe(1);
    setup.pass(3_600_000);
    expect(forwarder.buckets.size).toBe(0);
  });

  it("is forgotten at once with a bucket that is full", () => {
    const { register, registry, forwarder } = setUp();
    registry.end(register("alice", 1));
    expect(forwarder.buckets.size).toBe(0);
  });

  it("is that of the latest token, for all its registrations", () => {
    const { register, forwarder } = setUp();
    const rates = (): number[] => [...forwarder.buckets.values()].map(({ bytesPerSecond }) => bytesPerSecond);
    register("alice", 1);
    register("alice", 2, rate(10));
    expect(rates()).toEqual([10]);
    register("alice", 1, rate(20));
    expect(rates()).toEqual([20]);
  });

  it("does not change when a registration is renewed by STUN", () => {
    const { register, prove, forwarder, drawn } = setUp();
    const id = register("alice", 1);
    register("alice", 2, { quota: { ...quota, bytesPerSecond: 10 } });
    prove(id, home);
    expect([...forwarder.buckets.values()]).toMatchObject([{ bytesPerSecond: 10 }]);
    expect(drawn()[0]).toBe(drawn()[1]);
  });

  it("is forgiven where too many are kept: the one that lacks the least", () => {
    const forwarder = createFakeForwarder();
    const rates = new RateBuckets({ forwarder, now: () => 0 });
    const least = 5000;
    for (let n = 0; n <= defaults.maxIdleBuckets; n++) {
      const bucket = rates.join(`user-${n}`, 1000);
      forwarder.buckets.get(bucket.id)!.missingMs = n === 7 ? least : 3_600_000;
      rates.leave(bucket);
    }
    expect(rates.stats()).toEqual({ open: defaults.maxIdleBuckets, forgiven: 1 });
    expect([...forwarder.buckets.values()].filter(({ missingMs }) => missingMs === least)).toEqual([]);
  });

  it("is left where the data plane takes no session", () => {
    const { register, forwarder } = setUp();
    forwarder.openSession = () => {
      throw new TypeError("no memory");
    };
    expect(() => register("alice", 1)).toThrow("no memory");
    expect(forwarder.buckets.size).toBe(0);
  });
});

describe("the rate of an address, where all clients are one subject", () => {
  it("is one bucket for an IPv4 address, and for 64 bits of an IPv6 address", () => {
    const { register, drawn } = setUp();
    const addresses = [
      "203.0.113.7",
      "203.0.113.7",
      "203.0.113.8",
      "2001:db8::1",
      "2001:db8::2:3",
      "2001:db8:0:1::1",
    ];
    for (const [key, address] of addresses.entries()) register("anonymous", key, by(address));
    const [a, b, c, d, e, f] = drawn();
    expect([b, e]).toEqual([a, d]);
    expect(new Set([a, c, d, f]).size).toBe(4);
  });

  it("is one bucket with what its account has registered by TCP, which proves no UDP address", () => {
    const { register, drawn } = setUp();
    register("anonymous", 1, by(home.address));
    register("anonymous", 2, { ...by(null), account: home.address });
    register("anonymous", 3, { ...by(null), account: home.address });
    register("anonymous", 4, { ...by(null), account: "203.0.113.8" });
    const [a, b, c, d] = drawn();
    expect([b, c]).toEqual([a, a]);
    expect(d).not.toBe(a);
  });

  it("goes with a registration to its next address, and leaves the bucket of the one before", () => {
    const setup = setUp();
    const { register, prove, drawn, forwarder } = setup;
    const id = register("anonymous", 1, by(null));
    const [nowhere] = drawn();
    prove(id, home);
    const [first] = drawn();
    drain(setup, 60_000);
    prove(id, { address: "203.0.113.8", port: 1 });
    const [second] = drawn();
    prove(id, { ...home, port: 2 });
    expect(new Set([nowhere, first, second]).size).toBe(3);
    expect([drawn(), forwarder.buckets.size]).toEqual([[first], 1]);
  });
});
