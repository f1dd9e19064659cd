import { describe, expect, it } from "vitest";
import {
  maxStunBytes,
  stunPerKind,
  stunPerRegistration,
  stunPerRegistrationElsewhere,
  stunPerSubject,
  stunPerSubjectElsewhere,
  stunRepliesPerSecond,
} from "../../../../src/defaults/index.ts";
import { SessionTable } from "../../../../src/forwarder/dgram/sessions.ts";
import { StunGate } from "../../../../src/forwarder/dgram/stun-gate.ts";
import { stunBurstOfKind } from "../../../../src/forwarder/stun/payer.ts";
import type { Address } from "../../../../src/wire/address.ts";
import { encodeBindingRequest } from "../../../../src/wire/stun-binding.ts";

const nowMs = 1_700_000_000_000;
const home: Address = { address: "::ffff:192.0.2.1", port: 4433 };
const neighbour: Address = { ...home, port: 5544 };
const away: Address = { address: "2001:db8::9", port: 1024 };
const transactionId = new Uint8Array(12);
const anonymous = encodeBindingRequest({ transactionId });
const credential = { username: "reg_1", password: "" };
const named = encodeBindingRequest({ transactionId, credential });
/** Names the registration and has a nonce, which is good at the addresses that a test says. */
const answering = encodeBindingRequest({
  transactionId,
  credential,
  challenge: { realm: "quicpipe", nonce: Buffer.from("n".repeat(37)), passwordAlgorithms: new Uint8Array(4) },
});

function createGate(isReached: (source: Address) => boolean = () => false): {
  gate: StunGate;
  sessions: SessionTable;
  session: number;
} {
  const sessions = new SessionTable();
  const isNonceGood = (nonce: Uint8Array, source: Address): boolean =>
    nonce.length === 37 && isReached(source);
  const bucket = sessions.buckets.open(1, nowMs);
  const expiresAtMs = nowMs + 10_000;
  const cids = new Uint8Array(12);
  const session = sessions.open({ cids, address: home, username: "reg_1", bucket, expiresAtMs });
  return { gate: new StunGate({ sessions, nowMs, isNonceGood }), sessions, session };
}

function at(i: number): Address {
  return { address: `198.51.${i >> 8}.${i & 255}`, port: 1 };
}

/** How many of the same message are let in at once. */
function countPaid(gate: StunGate, datagram: Uint8Array, source: Address, atMs = nowMs): number {
  let paid = 0;
  while (paid < 10_000 && typeof gate.charge(datagram, source, atMs) !== "string") paid++;
  return paid;
}

describe("StunGate", () => {
  it("lets nothing in that is longer than what clients send, and charges nobody for it", () => {
    const { gate } = createGate();
    const most = Buffer.concat([named, Buffer.alloc(maxStunBytes - named.length)]);
    for (let i = 0; i < 2 * stunPerRegistration; i++)
      expect(gate.charge(Buffer.concat([most, Buffer.alloc(4)]), home, nowMs)).toBe("malformed");
    expect(countPaid(gate, most, home)).toBe(stunPerRegistration + stunRepliesPerSecond);
  });

  it("has a source pay for what a stranger sends, whichever port that comes from", () => {
    const { gate } = createGate();
    expect(countPaid(gate, anonymous, home)).toBe(stunRepliesPerSecond);
    expect(gate.charge(anonymous, neighbour, nowMs)).toBe("rate-limited");
    expect(gate.charge(anonymous, away, nowMs)).toBeTypeOf("object");
    expect(countPaid(gate, anonymous, home, nowMs + 500)).toBe(stunRepliesPerSecond / 2);
  });

  it("has all IPv6 addresses of a /64 pay together", () => {
    const { gate } = createGate();
    expect(countPaid(gate, anonymous, away)).toBe(stunRepliesPerSecond);
    expect(gate.charge(anonymous, { ...away, address: "2001:db8::ffff:1" }, nowMs)).toBe("rate-limited");
    expect(gate.charge(anonymous, { ...away, address: "2001:db8:0:1::9" }, nowMs)).toBeTypeOf("object");
  });

  it("has all sources pay together for what names nobody, which is not paid from what names a registration", () => {
    const { gate } = createGate();
    for (let i = 0; i < stunBurstOfKind; i++)
      expect(gate.charge(anonymous, at(i), nowMs)).toBeTypeOf("object");
    expect(gate.charge(anonymous, at(stunBurstOfKind), nowMs)).toBe("flooded");
    expect(gate.charge(anonymous, at(0), nowMs + 1000 / stunPerKind)).toBeTypeOf("object");
    const ofNamed = stunPerRegistrationElsewhere + stunBurstOfKind;
    for (let i = 0; i < ofNamed; i++) expect(gate.charge(named, at(1000 + i), nowMs)).toBeTypeOf("object");
    expect(gate.charge(named, at(1000 + ofNamed), nowMs)).toBe("flooded");
    expect(gate.charge(named, home, nowMs)).toBeTypeOf("object");
  });

  it("has a source pay for what it answers with a nonce, whatever others send with its address or in that name", () => {
    const { gate } = createGate(
      (source) => source.address === away.address || source.address === at(1).address,
    );
    expect(countPaid(gate, anonymous, away)).toBe(stunRepliesPerSecond);
    for (let i = 0; i < stunPerRegistrationElsewhere + stunBurstOfKind; i++)
      gate.charge(named, at(1000 + i), nowMs);
    expect(gate.charge(named, away, nowMs)).toBe("rate-limited");
    expect(countPaid(gate, answering, at(1))).toBe(stunRepliesPerSecond);
    expect(countPaid(gate, answering, away)).toBe(stunRepliesPerSecond);
    // Where it is no good it counts for nothing.
    expect(gate.charge(answering, at(2), nowMs)).toBe("flooded");
  });

  it("bounds what all sources answer with nonces together, and has a registration pay for the next", () => {
    const { gate } = createGate(() => true);
    const charge = (i: number): unknown => gate.charge(answering, at(i), nowMs);
    for (let i = 0; i < stunBurstOfKind; i++) charge(i);
    const next = Array.from({ length: stunPerRegistrationElsewhere }, (_, i) => charge(1000 + i));
    expect(new Set(next).size).toBe(1);
    expect(charge(0)).not.toBe(next[0]);
    expect(gate.charge(named, at(2000), nowMs)).not.toBe(next[0]);
  });

  it("has the registration's own budget pay before its source, at its address", () => {
    const { gate } = createGate(() => true);
    expect(countPaid(gate, answering, home)).toBe(stunPerRegistration + 2 * stunRepliesPerSecond);
  });

  it("has a registration pay for what names it, here and elsewhere apart, and then the source", () => {
    const { gate } = createGate();
    expect(countPaid(gate, named, away)).toBe(stunPerRegistrationElsewhere + stunRepliesPerSecond);
    expect(countPaid(gate, named, home)).toBe(stunPerRegistration + stunRepliesPerSecond);
    expect(gate.charge(named, home, nowMs + 1000 / stunPerRegistration)).toBeTypeOf("object");
  });

  it("has all registrations of a subject pay together, and no other's", () => {
    const { gate, sessions } = createGate();
    const expiresAtMs = nowMs + 10_000;
    const own = sessions.buckets.open(1, nowMs);
    const mallory = Array.from({ length: 64 }, (_, i) => `mallory_${i}`);
    for (const username of mallory)
      sessions.open({ cids: new Uint8Array(), address: home, username, bucket: own, expiresAtMs });
    const countOf = (source: Address): number =>
      mallory.reduce((paid, username) => {
        const datagram = encodeBindingRequest({ transactionId, credential: { username, password: "" } });
        return paid + countPaid(gate, datagram, source);
      }, 0);
    expect(countOf(home)).toBe(stunPerSubject + stunRepliesPerSecond);
    expect(countOf(away)).toBe(stunPerSubjectElsewhere + stunRepliesPerSecond);
    expect(countPaid(gate, named, home)).toBe(stunPerRegistration);
  });

  it("takes what names a registration that has expired, moved or ended for what it is then", () => {
    const { gate, sessions, session } = createGate();
    expect(countPaid(gate, named, home, nowMs + 10_000)).toBe(stunRepliesPerSecond);
    sessions.update(session, { address: away, expiresAtMs: nowMs + 100_000 });
    expect(countPaid(gate, named, away, nowMs + 20_000)).toBe(stunPerRegistration + stunRepliesPerSecond);
    sessions.close(session);
    expect(countPaid(gate, named, away, nowMs + 30_000)).toBe(stunRepliesPerSecond);
  });

  it("takes a name that is cut short, or after too many attributes, for none", () => {
    const { gate } = createGate();
    const cut = Buffer.from(named);
    cut.writeUInt16BE(500, 22);
    const hidden = Buffer.concat([named.subarray(0, 20), Buffer.alloc(16 * 4), named.subarray(20)]);
    for (const datagram of [cut, hidden, named.subarray(0, 22)])
      expect(countPaid(gate, datagram, home)).toBeLessThanOrEqual(stunRepliesPerSecond);
  });
});
