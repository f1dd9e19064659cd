import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  maxStunBytes,
  stunPerRegistration,
  stunPerRegistrationElsewhere,
  stunPerSubject,
  stunRepliesPerSecond,
} from "../../../src/defaults/index.ts";
import type { StunOutcome } from "../../../src/forwarder/index.ts";
import { stunBurstOfKind } from "../../../src/forwarder/stun/payer.ts";
import type { Address } from "../../../src/wire/address.ts";
import {
  type BindingReply,
  type BindingRequest,
  encodeBindingRequest,
  parseBindingReply,
  type StunChallenge,
} from "../../../src/wire/stun-binding.ts";
import { encodeStun, stunAttribute, stunType } from "../../../src/wire/stun.ts";
import { type Harness, type Rig, settles } from "./rig.ts";
import { openPeer, type UdpPeer } from "../harness/udp-peer.ts";
import { withFingerprint } from "../../unit/wire/fingerprint.ts";

const credential = { username: "reg_1", password: "s3cret" };

async function ask(
  peer: UdpPeer,
  to: Address,
  request: Omit<BindingRequest, "transactionId">,
): Promise<BindingReply | undefined> {
  const whole = { ...request, transactionId: randomBytes(12) };
  peer.send(encodeBindingRequest(whole), to);
  return parseBindingReply(await peer.next(), whole);
}

/** The whole exchange of a registration: challenge, then proof. */
async function prove(
  peer: UdpPeer,
  to: Address,
  more: Pick<BindingRequest, "keepsAddress"> = {},
): Promise<BindingReply | undefined> {
  const first = await ask(peer, to, { credential });
  if (first?.kind !== "challenge") return first;
  return await ask(peer, to, { ...more, credential, challenge: first.challenge });
}

async function expectOutcomes(rig: Rig, expected: Partial<Record<StunOutcome, number>>): Promise<void> {
  const nonZero = (): unknown =>
    Object.fromEntries(Object.entries(rig.forwarder.stats().stun).filter(([, count]) => count > 0));
  await settles(nonZero, expected);
}

/** Sends a request without waiting for what becomes of it. */
function spoofed(from: UdpPeer, to: Address, request: Omit<BindingRequest, "transactionId">): void {
  from.send(encodeBindingRequest({ ...request, transactionId: randomBytes(12) }), to);
}

/** Sends a request from many addresses, so often that none has more than its own, and waits for what becomes of them. */
async function sendFromMany(
  rig: Rig,
  count: number,
  request: Omit<BindingRequest, "transactionId">,
): Promise<void> {
  const before = sum(rig.forwarder.stats().stun);
  for (let sent = 0; sent < count;) {
    const stranger = await openPeer(`127.0.1.${1 + Math.trunc(sent / stunRepliesPerSecond)}`);
    for (let i = 0; i < stunRepliesPerSecond && sent < count; i++, sent++)
      spoofed(stranger, rig.ipv4, request);
    await settles(() => sum(rig.forwarder.stats().stun), before + sent);
  }
}

/** A peer at its registration's address. */
async function openRegistration(rig: Rig): Promise<UdpPeer> {
  const peer = await openPeer();
  rig.secrets.set("reg_1", "s3cret");
  rig.register(peer.address, 0x11, { username: "reg_1" });
  return peer;
}

/** A request of so many bytes. */
function padded(bytes: number): Uint8Array {
  const attributes = new Map([
    [stunAttribute.username, Buffer.from(credential.username)],
    [stunAttribute.padding, new Uint8Array(bytes - 36)],
  ]);
  return encodeStun({ type: stunType.request, transactionId: randomBytes(12), attributes });
}

async function challengeOf(peer: UdpPeer, to: Address): Promise<StunChallenge> {
  const reply = await ask(peer, to, { credential });
  if (reply?.kind !== "challenge") throw new TypeError("no challenge");
  return reply.challenge;
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((all, count) => all + count, 0);
}

/** What every backend has to answer to STUN on its port. */
export function stunCases(harness: Harness): void {
  describe("STUN", () => {
    it.each(["127.0.0.1", "::1"])("tells a registration its address and moves it there: %s", async (host) => {
      const rig = await harness.open();
      rig.secrets.set("reg_1", "s3cret");
      const peer = await openPeer(host);
      const reply = await prove(peer, host === "::1" ? rig.ipv6 : rig.ipv4);
      expect(reply).toEqual({ kind: "success", address: peer.address });
      expect(rig.moves).toEqual([{ id: "reg_1", address: peer.address }]);
      await expectOutcomes(rig, { challenged: 1, answered: 1 });
    });

    it("moves nothing for a captured request that comes from elsewhere", async () => {
      const rig = await harness.open();
      rig.secrets.set("reg_1", "s3cret");
      const [peer, thief] = [await openPeer(), await openPeer()];
      const first = await ask(peer, rig.ipv4, { credential });
      if (first?.kind !== "challenge") return expect.unreachable("no challenge");
      const request = { transactionId: randomBytes(12), credential, challenge: first.challenge };
      const captured = encodeBindingRequest(request);
      thief.send(captured, rig.ipv4);
      expect(parseBindingReply(await thief.next(), request)).toMatchObject({ kind: "challenge", code: 438 });
      expect(rig.moves).toEqual([]);
    });

    it("answers a request that asks for no move, and moves nothing", async () => {
      const rig = await harness.open();
      rig.secrets.set("reg_1", "s3cret");
      const [peer, second] = [await openPeer(), await openPeer("::1")];
      expect(await prove(peer, rig.ipv4)).toMatchObject({ kind: "success" });
      const reply = await prove(second, rig.ipv6, { keepsAddress: true });
      expect(reply).toEqual({ kind: "success", address: second.address });
      expect(rig.moves).toEqual([{ id: "reg_1", address: peer.address }]);
      await expectOutcomes(rig, { challenged: 2, answered: 1, unmoved: 1 });
    });

    it("answers a repeated transaction again, and challenges one that is outdated", async () => {
      const rig = await harness.open();
      rig.secrets.set("reg_1", "s3cret");
      const peer = await openPeer();
      rig.verdicts.set("reg_1", "repeated");
      expect(await prove(peer, rig.ipv4)).toEqual({ kind: "success", address: peer.address });
      rig.verdicts.set("reg_1", "outdated");
      expect(await prove(peer, rig.ipv4)).toMatchObject({ kind: "challenge", code: 438 });
      expect(rig.moves).toEqual([]);
      await expectOutcomes(rig, { challenged: 2, repeated: 1, outdated: 1 });
    });

    it("rejects a wrong secret", async () => {
      const rig = await harness.open();
      rig.secrets.set("reg_1", "another");
      expect(await prove(await openPeer(), rig.ipv4)).toMatchObject({ kind: "challenge", code: 401 });
      await expectOutcomes(rig, { challenged: 1, rejected: 1 });
    });

    it("does not answer requests without credentials, short ones or what is no request", async () => {
      const rig = await harness.open();
      const peer = await openPeer();
      const bare = { transactionId: randomBytes(12), attributes: [] };
      peer.send(encodeBindingRequest({ transactionId: randomBytes(12) }), rig.ipv4);
      await expectOutcomes(rig, { anonymous: 1 });
      peer.send(encodeStun({ ...bare, type: stunType.indication }), rig.ipv4);
      await expectOutcomes(rig, { anonymous: 1, malformed: 1 });
      expect(rig.forwarder.stats().dropped["stun-unanswered"]).toBe(2);
      expect(peer.inbox).toEqual([]);
    });

    it("takes no message that is longer than what clients send", async () => {
      const rig = await harness.open();
      const peer = await openRegistration(rig);
      for (const bytes of [maxStunBytes + 4, 60_000]) peer.send(padded(bytes), rig.ipv4);
      await expectOutcomes(rig, { malformed: 2 });
      peer.send(padded(maxStunBytes), rig.ipv4);
      await expectOutcomes(rig, { malformed: 2, challenged: 1 });
      expect(rig.forwarder.stats().dropped["stun-unanswered"]).toBe(2);
    });

    it("answers anyone where it is public, with little more than it got", async () => {
      const rig = await harness.open({ stun: "public" });
      const [ipv4, ipv6] = [await openPeer(), await openPeer("::1")];
      for (const [peer, to, hasFingerprint] of [
        [ipv4, rig.ipv4, false],
        [ipv4, rig.ipv4, true],
        [ipv6, rig.ipv6, true],
      ] as const) {
        const bare = { type: stunType.request, transactionId: randomBytes(12), attributes: [] };
        const request = hasFingerprint ? withFingerprint(encodeStun(bare)) : encodeStun(bare);
        peer.send(request, to);
        const reply = await peer.next();
        expect(parseBindingReply(reply, bare)).toEqual({ kind: "success", address: peer.address });
        expect(reply.length / request.length).toBeLessThan(1.7);
      }
      // 44 bytes for 20 would be 2.2 times as much.
      ipv6.send(
        encodeStun({ type: stunType.request, transactionId: randomBytes(12), attributes: [] }),
        rig.ipv6,
      );
      await expectOutcomes(rig, { answered: 3, "too-short": 1 });
    });

    it("limits what a stranger's address may send, and no other", async () => {
      const rig = await harness.open({ stun: "public" });
      const [peer, neighbour, other] = [await openPeer(), await openPeer(), await openPeer("127.0.0.2")];
      for (let i = 0; i < stunRepliesPerSecond; i++) await ask(i % 2 ? peer : neighbour, rig.ipv4, {});
      peer.send(encodeBindingRequest({ transactionId: randomBytes(12) }), rig.ipv4);
      await expectOutcomes(rig, { answered: stunRepliesPerSecond, "rate-limited": 1 });
      expect(rig.forwarder.stats().dropped["stun-unanswered"]).toBe(1);
      expect(await ask(other, rig.ipv4, {})).toMatchObject({ kind: "success" });
      rig.clock.nowMs += 1000;
      expect(await ask(peer, rig.ipv4, {})).toMatchObject({ kind: "success" });
    });

    it("limits what all strangers may send together, however many they are", async () => {
      const rig = await harness.open();
      await sendFromMany(rig, stunBurstOfKind + 1, {});
      await expectOutcomes(rig, { anonymous: stunBurstOfKind, flooded: 1 });
    });

    it.each([
      ["without a name", {}],
      ["in a name that is not registered", { credential: { username: "x".repeat(22), password: "" } }],
    ])("hears a registration whose address strangers send from %s", async (_, request) => {
      const rig = await harness.open();
      const peer = await openRegistration(rig);
      const spoofer = await openPeer();
      for (let round = 1; round <= 10; round++) {
        for (let i = 0; i < 6; i++) spoofed(spoofer, rig.ipv4, request);
        await settles(() => sum(rig.forwarder.stats().stun), round * 8 - 2);
        expect(await prove(peer, rig.ipv4)).toMatchObject({ kind: "success" });
      }
      expect(rig.forwarder.stats().stun["rate-limited"]).toBe(60 - stunRepliesPerSecond);
    });

    it("hears a registration in whose name others send from elsewhere", async () => {
      const rig = await harness.open();
      const peer = await openRegistration(rig);
      const thief = await openPeer("127.0.0.2");
      const paid = stunPerRegistrationElsewhere + stunRepliesPerSecond;
      for (let i = 0; i < paid + 10; i++) spoofed(thief, rig.ipv4, { credential });
      await expectOutcomes(rig, { challenged: paid, "rate-limited": 10 });
      expect(await prove(peer, rig.ipv4)).toMatchObject({ kind: "success" });
    });

    it("hears a registration that has moved to an address which strangers send from", async () => {
      const rig = await harness.open();
      await openRegistration(rig);
      const [spoofer, moved] = [await openPeer("127.0.0.2"), await openPeer("127.0.0.2")];
      for (let i = 0; i < 60; i++) spoofed(spoofer, rig.ipv4, {});
      await settles(() => sum(rig.forwarder.stats().stun), 60);
      expect(await prove(moved, rig.ipv4)).toEqual({ kind: "success", address: moved.address });
    });

    it("hears a registration that moves while one names it and many name no registration", async () => {
      const rig = await harness.open();
      await openRegistration(rig);
      const [thief, moved] = [await openPeer("127.0.0.2"), await openPeer("127.0.0.3")];
      for (let i = 0; i < 60; i++) spoofed(thief, rig.ipv4, { credential });
      await settles(() => sum(rig.forwarder.stats().stun), 60);
      await sendFromMany(rig, stunBurstOfKind + 60, { credential: { ...credential, username: "nobody" } });
      expect(rig.forwarder.stats().stun.flooded).toBe(60);
      expect(await prove(moved, rig.ipv4)).toEqual({ kind: "success", address: moved.address });
    });

    it("hears a registration that answers a challenge, no matter which address others name it with", async () => {
      const rig = await harness.open();
      await openRegistration(rig);
      const [moved, spoofer] = [await openPeer("127.0.0.3"), await openPeer("127.0.0.3")];
      const challenge = await challengeOf(moved, rig.ipv4);
      for (let i = 0; i < 60; i++) spoofed(spoofer, rig.ipv4, {});
      await settles(() => sum(rig.forwarder.stats().stun), 61);
      // A nonce is good for the address alone that it was made for.
      await sendFromMany(rig, 2 * stunBurstOfKind, { credential, challenge });
      const { flooded } = rig.forwarder.stats().stun;
      expect(flooded).toBeGreaterThan(0);
      expect(await ask(moved, rig.ipv4, { credential, challenge })).toEqual({
        kind: "success",
        address: moved.address,
      });
    });

    it("limits what one sends with a nonce of its own in the name of another", async () => {
      const rig = await harness.open();
      const peer = await openRegistration(rig);
      const thief = await openPeer("127.0.0.2");
      const forged = {
        credential: { ...credential, password: "guessed" },
        challenge: await challengeOf(thief, rig.ipv4),
      };
      for (let i = 0; i < 100; i++) spoofed(thief, rig.ipv4, forged);
      const paid = stunPerRegistrationElsewhere - 1 + 2 * stunRepliesPerSecond;
      await expectOutcomes(rig, { challenged: 1, rejected: paid, "rate-limited": 100 - paid });
      expect(await prove(peer, rig.ipv4)).toMatchObject({ kind: "success" });
    });

    it("hears a registration through spoofs of its address and its name", async () => {
      const rig = await harness.open();
      const peer = await openRegistration(rig);
      const forged = {
        credential: { ...credential, password: "wrong" },
        challenge: await challengeOf(peer, rig.ipv4),
      };
      for (let i = 0; i < 60; i++) spoofed(peer, rig.ipv4, forged);
      await settles(() => rig.forwarder.stats().stun.rejected, 60);
      await expect.poll(() => peer.inbox.length).toBe(60);
      peer.inbox.length = 0;
      expect(await prove(peer, rig.ipv4)).toMatchObject({ kind: "success" });
      // With no end to them, the source pays once the registration does not: for what it answers, then as anybody.
      const left = stunPerRegistration - 63 + 2 * stunRepliesPerSecond;
      for (let i = 0; i < left + 10; i++) spoofed(peer, rig.ipv4, forged);
      await settles(() => rig.forwarder.stats().stun["rate-limited"], 10);
    });

    it("hears a registration through all that the registrations of another subject pay for", async () => {
      const rig = await harness.open();
      const peer = await openRegistration(rig);
      const mallory = await openPeer("127.0.0.2");
      const bucket = rig.forwarder.openBucket(1);
      const usernames = ["m_0", "m_1", "m_2", "m_3"];
      for (const [i, username] of usernames.entries())
        rig.register(mallory.address, 0x21 + i, { username, bucket });
      const paid = stunPerSubject + stunRepliesPerSecond;
      for (let sent = 0; sent < 4 * stunPerRegistration;) {
        // Fewer at a time than may wait of one subject.
        for (let i = 0; i < 40; i++, sent++)
          spoofed(mallory, rig.ipv4, { credential: { username: usernames[sent % 4]!, password: "" } });
        await settles(() => sum(rig.forwarder.stats().stun), sent);
      }
      await expectOutcomes(rig, { challenged: paid, "rate-limited": 4 * stunPerRegistration - paid });
      expect(await prove(peer, rig.ipv4)).toMatchObject({ kind: "success" });
    });

    it.each(["ended", "expired"])("takes a registration that has %s for a stranger", async (end) => {
      const rig = await harness.open();
      const peer = await openPeer();
      const session = rig.register(peer.address, 0x11, { username: "reg_1" });
      if (end === "ended") rig.forwarder.closeSession(session);
      else rig.forwarder.updateSession(session, { expiresAtMs: rig.clock.nowMs });
      for (let i = 0; i < stunRepliesPerSecond + 1; i++) spoofed(peer, rig.ipv4, { credential });
      await expectOutcomes(rig, { challenged: stunRepliesPerSecond, "rate-limited": 1 });
    });
  });
}
