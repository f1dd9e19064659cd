import { describe, expect, it } from "vitest";
import { encodeStun, stunType } from "../../../../src/wire/stun.ts";
import { openAncillaryPeer } from "../../harness/network/ancillary-udp.ts";
import { has } from "../../harness/requirement.ts";
import { createNative, describeNative } from "./rig.ts";
import { createHarness, settles } from "../rig.ts";
import { shortPacket } from "../../harness/packets.ts";
import { openPeer } from "../../harness/udp-peer.ts";

const bytes = 1200;

/** A packet whose last byte tells it from the others. */
function marked(packet: Buffer, mark: number): Buffer {
  const copy = Buffer.from(packet);
  copy[copy.length - 1] = mark;
  return copy;
}

function marks(inbox: readonly { readonly datagram: Buffer }[]): number[] {
  return inbox.map(({ datagram }) => datagram.at(-1)!);
}

/** A STUN message of exactly `bytes`, which gets no answer as it is an indication. */
function stunMessage(): Buffer {
  const padding = new Uint8Array(bytes - 20 - 4);
  return Buffer.from(
    encodeStun({
      type: stunType.indication,
      transactionId: new Uint8Array(12),
      attributes: [[0x8000, padding]],
    }),
  );
}

describeNative("segments that the system hands over in one buffer", () => {
  describe.skipIf(!has("python"))("from a sender that has them cut up", () => {
    const harness = createHarness(createNative);

    it("are each looked at: for two peers, the gateway and STUN, in one buffer", async () => {
      const upstream = await openPeer();
      const { forwarder, ipv4, register } = await harness.open({ upstream: upstream.address });
      const alice = await openAncillaryPeer();
      const [bob, carol] = [await openPeer(), await openPeer()];
      register(alice.address, 0x11);
      register(bob.address, 0x22);
      register(carol.address, 0x33);
      const [toBob, toCarol, toGateway] = [0x22, 0x33, 0x77].map((byte) => shortPacket(byte, bytes)) as [
        Buffer,
        Buffer,
        Buffer,
      ];
      const short = shortPacket(0x22, 100);
      alice.sendSegmented(
        [toBob, toGateway, toCarol, stunMessage(), toBob, toBob, toGateway, toCarol, short].map(
          (packet, mark) => (packet.length === bytes && packet[0] === 0x41 ? marked(packet, mark) : packet),
        ),
        ipv4,
      );
      await settles(() => [bob.inbox, carol.inbox, upstream.inbox].map((inbox) => inbox.length), [4, 2, 2]);
      expect([marks(bob.inbox).slice(0, 3), marks(carol.inbox), marks(upstream.inbox)]).toEqual([
        [0, 4, 5],
        [2, 7],
        [1, 6],
      ]);
      expect(bob.inbox.at(-1)!.datagram).toEqual(short);
      const { dropped, relayed, stun } = forwarder.stats();
      expect([relayed, stun.malformed, dropped["stun-unanswered"]]).toEqual([
        { packets: 6, bytes: 5 * bytes + 100 },
        1,
        1,
      ]);
    });

    it("are each looked at when the gateway sends them", async () => {
      const gateway = await openAncillaryPeer();
      const { forwarder, ipv4 } = await harness.open({ upstream: gateway.address });
      const client = await openPeer();
      client.send(shortPacket(0x77), ipv4);
      await gateway.received(1);
      const answers = [0, 1, 2, 3].map((mark) => marked(shortPacket(0x55, bytes), mark));
      gateway.sendSegmented([...answers, Buffer.from("the end")], gateway.inbox[0]!.from);
      await settles(() => client.inbox.map(({ datagram }) => datagram), [...answers, Buffer.from("the end")]);
      await expect.poll(() => forwarder.stats().gateway).toMatchObject({ packetsIn: 1, packetsOut: 5 });
    });

    it.each([
      ["127.0.0.1", "127.0.0.1"],
      ["::1", "::1"],
      ["127.0.0.1", "::1"],
      ["::1", "127.0.0.1"],
    ])("keep their ECN bits from %s to %s, as single ones do", async (from, to) => {
      const rig = await harness.open();
      const [alice, bob] = [await openAncillaryPeer(from), await openAncillaryPeer(to)];
      rig.register(alice.address, 0x11);
      rig.register(bob.address, 0x22);
      for (const ecn of [0, 1, 2, 3])
        alice.send([marked(shortPacket(0x22), ecn)], from === "::1" ? rig.ipv6 : rig.ipv4, ecn);
      await bob.received(4);
      const kept = bob.inbox.map(({ datagram, ecn }) => [datagram.at(-1), ecn]);
      expect(kept.toSorted()).toEqual([0, 1, 2, 3].map((ecn) => [ecn, ecn]));
    });

    it("keep their ECN bits through the splice, both ways", async () => {
      const gateway = await openAncillaryPeer();
      const rig = await harness.open({ upstream: gateway.address });
      for (const [host, to] of [
        ["127.0.0.1", rig.ipv4],
        ["::1", rig.ipv6],
      ] as const) {
        const client = await openAncillaryPeer(host);
        const before = gateway.inbox.length;
        client.send([shortPacket(0x77)], to, 2);
        await gateway.received(before + 1);
        const { ecn, from } = gateway.inbox[before]!;
        gateway.send([Buffer.from("congested")], from, 3);
        await client.received(1);
        expect([ecn, client.inbox[0]!.ecn]).toEqual([2, 3]);
      }
    });
  });

  it("arrive one by one at a peer that gets a long burst", async () => {
    const harness = createHarness(createNative);
    const { forwarder, ipv4, register } = await harness.open();
    const [alice, bob] = [await openPeer(), await openPeer()];
    register(alice.address, 0x11);
    register(bob.address, 0x22);
    for (let i = 0; i < 200; i++) {
      alice.send(marked(shortPacket(0x22, i % 7 === 6 ? 90 : bytes), i), ipv4);
      // No more at once than the peer's own buffer holds.
      if (i % 50 === 49) await settles(() => bob.inbox.length, i + 1);
    }
    expect(marks(bob.inbox)).toEqual(Array.from({ length: 200 }, (_, i) => i));
    await expect.poll(() => forwarder.stats().relayed.packets).toBe(200);
  });
});
