import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { stunRepliesPerSecond } from "../../../src/defaults.ts";
import type { StunOutcome } from "../../../src/forwarder/index.ts";
import type { Address } from "../../../src/wire/address.ts";
import {
  type BindingReply,
  type BindingRequest,
  encodeBindingRequest,
  parseBindingReply,
} from "../../../src/wire/stun-binding.ts";
import { encodeStun, stunType } from "../../../src/wire/stun.ts";
import { type Harness, openPeer, type Rig, settles, type UdpPeer } from "./rig.ts";

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

    it("answers anyone where it is public, but never with more than it got", async () => {
      const rig = await harness.open({ stun: "public" });
      const peer = await openPeer();
      expect(await ask(peer, rig.ipv4, {})).toEqual({ kind: "success", address: peer.address });
      peer.send(
        encodeStun({ type: stunType.request, transactionId: randomBytes(12), attributes: [] }),
        rig.ipv4,
      );
      await expectOutcomes(rig, { answered: 1, "too-short": 1 });
    });

    it("limits what it answers to a source that has proven nothing", async () => {
      const rig = await harness.open({ stun: "public" });
      const peer = await openPeer();
      for (let i = 0; i < stunRepliesPerSecond; i++) await ask(peer, rig.ipv4, {});
      peer.send(encodeBindingRequest({ transactionId: randomBytes(12) }), rig.ipv4);
      await expectOutcomes(rig, { answered: stunRepliesPerSecond, "rate-limited": 1 });
      rig.clock.nowMs += 1000;
      expect(await ask(peer, rig.ipv4, {})).toMatchObject({ kind: "success" });
    });
  });
}
