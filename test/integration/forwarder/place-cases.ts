import { describe, expect, it } from "vitest";
import {
  bucketDepthMs,
  gatewayIdleMs,
  gatewayNewIdleMs,
  gatewayPresenceMs,
  gatewayStrangerDivisor,
  maxMovedPlaces,
  minGatewayShare,
  newGatewayClientsPerSecond,
  unprovenPathBytes,
} from "../../../src/defaults/index.ts";
import {
  answer,
  ask,
  coalesced,
  type Gateway,
  gatewayId,
  graduate,
  initial,
  lastSeen,
  openGateway,
} from "./gateway.ts";
import { type Harness, settles } from "./rig.ts";
import { longPacketOf, shortPacket } from "../harness/packets.ts";
import { openPeer, type UdpPeer } from "../harness/udp-peer.ts";
import type { Address } from "../../../src/wire/address.ts";

function probation({ forwarder }: Gateway): number[] {
  const { clients, onProbation, givenUp } = forwarder.stats().gateway;
  return [clients, onProbation, givenUp];
}

/** Lets a new client in, and tells what the gateway sees of it. */
async function arrive(rig: Gateway, datagram: Buffer = initial, host?: string): ReturnType<typeof virtualOf> {
  return virtualOf(await openPeer(host), rig, datagram);
}

async function virtualOf(
  client: UdpPeer,
  rig: Gateway,
  datagram: Buffer,
): Promise<{ client: UdpPeer; isKnown: () => boolean }> {
  await ask(client, rig, datagram);
  const { address, port } = lastSeen(rig);
  return { client, isKnown: () => rig.forwarder.clientOf(address, port) !== undefined };
}

async function graduated(rig: Gateway, id: Buffer): Promise<UdpPeer> {
  const client = await openPeer();
  await graduate(client, rig, id);
  return client;
}

/** Who every backend has to let in as a client of the gateway, and for how long. */
export function placeCases(harness: Harness): void {
  describe("places at the gateway", () => {
    it("go to no client that neither begins a connection nor goes on with one", async () => {
      const rig = await openGateway(harness);
      const client = await openPeer();
      const strays = [
        ...Array.from({ length: 4 }, () => Buffer.of(1)),
        Buffer.alloc(20, 0x40),
        initial.subarray(0, 1199),
        longPacketOf(2, { to: gatewayId(1) }),
      ];
      for (const stray of strays) client.send(stray, rig.ipv4);
      await settles(() => rig.forwarder.stats().dropped["gateway-no-opening"], strays.length);
      expect(probation(rig)).toEqual([0, 0, 0]);
      expect(rig.upstream.inbox).toEqual([]);
    });

    it("go to every client that begins a connection, of any version", async () => {
      const rig = await openGateway(harness);
      await arrive(rig, longPacketOf(3, { to: gatewayId(1), version: 0x77, bytes: 1200 }));
      await arrive(rig, Buffer.alloc(1200, 0xff));
      expect(probation(rig)).toEqual([2, 2, 0]);
    });

    it("are a quarter on probation, the oldest of which makes way", async () => {
      const rig = await openGateway(harness, { maxGatewayClients: 8 });
      await graduate(await openPeer(), rig);
      const [first, second, third] = [await arrive(rig), await arrive(rig), await arrive(rig)];
      await settles(() => probation(rig), [3, 2, 1]);
      expect([first, second, third].map(({ isKnown }) => isKnown())).toEqual([false, true, true]);
      await ask(first.client, rig, initial);
      await settles(() => probation(rig), [3, 2, 2]);
      expect([second, third].map(({ isKnown }) => isKnown())).toEqual([false, true]);
    });

    it("are kept in part for those on probation: of the others, one of the network that has most makes way", async () => {
      const rig = await openGateway(harness, { maxGatewayClients: 8 });
      const settled: { client: UdpPeer; isKnown: () => boolean }[] = [];
      for (const host of ["127.0.0.1", "127.0.0.2", "127.0.0.1", "127.0.0.2", "127.0.9.1", "127.0.9.1"]) {
        const [client, id] = [await openPeer(host), gatewayId(settled.length)];
        const { address, port } = await graduate(client, rig, id);
        settled.push({ client, isKnown: () => rig.forwarder.clientOf(address, port) !== undefined });
        rig.clock.nowMs++;
      }
      await ask(settled[0]!.client, rig, shortPacket(gatewayId(0), 60));
      await arrive(rig, initial, "127.0.8.1");
      expect(probation(rig)).toEqual([7, 1, 0]);
      await graduate(await openPeer("127.0.8.1"), rig, gatewayId(7));
      await settles(() => probation(rig), [7, 1, 1]);
      expect(settled.map(({ isKnown }) => isKnown())).toEqual([true, false, true, true, true, true]);
      // It goes on, as one that has moved does.
      await ask(settled[1]!.client, rig, shortPacket(gatewayId(1), 60));
      await settles(() => probation(rig), [8, 2, 1]);
    });

    it("stay on probation while what a client sends does not show that it has heard the gateway", async () => {
      const rig = await openGateway(harness);
      const { client } = await arrive(rig);
      const [id, own] = [gatewayId(1), Buffer.from("aa8e87276f068b30", "hex")];
      const virtual = lastSeen(rig);
      const guess = async (): Promise<void> => {
        await ask(client, rig, shortPacket(gatewayId(9), 1300));
        await ask(client, rig, shortPacket(own, 60));
        await ask(client, rig, longPacketOf(2, { to: gatewayId(9) }));
      };
      await guess();
      // Version Negotiation and Retry, and what looks like a Stateless Reset.
      await answer(client, rig, virtual, longPacketOf(0, { from: own, version: 0 }));
      await answer(client, rig, virtual, longPacketOf(3, { from: own }));
      await answer(client, rig, virtual, shortPacket(gatewayId(8), 1400));
      await guess();
      await answer(client, rig, virtual, longPacketOf(0, { from: id, bytes: 1200 }));
      await guess();
      // An Initial to the gateway's own ID, as every handshake has.
      await ask(client, rig, longPacketOf(0, { to: id, bytes: 1200 }));
      expect(probation(rig)).toEqual([1, 1, 0]);
      await ask(client, rig, longPacketOf(2, { to: id }));
      expect(probation(rig)).toEqual([1, 0, 0]);
    });

    it("are a client's that has answered in a packet behind others", async () => {
      const rig = await openGateway(harness);
      for (const [name, datagram, answers] of coalesced(gatewayId(1), gatewayId(2))) {
        const { client } = await arrive(rig);
        await answer(client, rig, lastSeen(rig), longPacketOf(2, { from: gatewayId(1) }));
        const before = probation(rig)[1]!;
        await ask(client, rig, datagram);
        expect([name, before - probation(rig)[1]!]).toEqual([name, answers ? 1 : 0]);
      }
    });

    it("are there for clients that move with a connection that is known, whichever others claim to", async () => {
      const rig = await openGateway(harness, { maxGatewayClients: 16 });
      const id = gatewayId(1);
      await graduate(await openPeer(), rig, id);
      const moved = await arrive(rig, shortPacket(id, 60));
      const strangers = [await arrive(rig, shortPacket(gatewayId(2), 60))];
      strangers.push(await arrive(rig, shortPacket(gatewayId(3), 60)));
      await settles(() => probation(rig), [3, 2, 1]);
      expect([moved, ...strangers].map(({ isKnown }) => isKnown())).toEqual([true, false, true]);
    });

    it("are opened by strangers no faster than a sixteenth of the rate, which costs no other client any of it", async () => {
      const rig = await openGateway(harness, { maxGatewayClients: 1024 });
      const burst = (newGatewayClientsPerSecond * bucketDepthMs) / 1000;
      const ofStrangers = Math.floor(burst / gatewayStrangerDivisor);
      for (let i = 0; i < ofStrangers; i++)
        await arrive(rig, shortPacket(gatewayId(9), 60), `127.0.0.${i + 10}`);
      const late = await Promise.all(Array.from({ length: burst }, () => openPeer()));
      for (const stranger of late) stranger.send(shortPacket(gatewayId(9), 60), rig.ipv4);
      await settles(() => rig.forwarder.stats().dropped["gateway-stranger-rate"], burst);
      for (let i = 0; i < 8; i++) await arrive(rig);
      expect(probation(rig)).toEqual([8 + ofStrangers, 8 + ofStrangers, 0]);
    });

    it("are remembered by the connection IDs of clients that are there", async () => {
      const rig = await openGateway(harness, { maxGatewayClients: 16 });
      const client = await openPeer();
      await graduate(client, rig, gatewayId(1));
      await ask(client, rig, shortPacket(gatewayId(2), 60));
      const [first, second] = [shortPacket(gatewayId(1), 60), shortPacket(gatewayId(2), 60)];
      const moved = await arrive(rig, second);
      await settles(() => probation(rig), [2, 1, 0]);
      for (let id = 3; id <= 6; id++) await ask(client, rig, shortPacket(gatewayId(id), 60));
      // The second is what the client at the other address came with.
      await arrive(rig, second);
      await settles(() => probation(rig), [3, 2, 0]);
      await arrive(rig, first);
      await arrive(rig, first);
      // Both are strangers, for whom there is one place.
      await settles(() => probation(rig), [4, 3, 1]);
      expect(moved.isKnown()).toBe(true);
    });

    it("stay with a client that has moved once the gateway has sent it more than to an unproven path", async () => {
      const rig = await openGateway(harness, { maxGatewayClients: 16 });
      const id = gatewayId(1);
      await graduate(await openPeer(), rig, id);
      for (const packet of [shortPacket(id, 60), shortPacket(gatewayId(2), 60)]) {
        const { client } = await arrive(rig, packet);
        const virtual = lastSeen(rig);
        const before = probation(rig)[1]!;
        for (let bytes = 0; bytes <= unprovenPathBytes + 3 * 3 * packet.length; bytes += 1200) {
          expect(probation(rig)[1]).toBe(before);
          await answer(client, rig, virtual, shortPacket(id, 1200));
        }
        await ask(client, rig, packet);
        expect(probation(rig)[1]).toBe(before - 1);
      }
      expect(probation(rig)).toEqual([3, 0, 0]);
    });

    it("stay on probation where packets of a connection come from addresses that it may not be at", async () => {
      const rig = await openGateway(harness, { maxGatewayClients: 64 });
      const packet = shortPacket(gatewayId(1), 60);
      const { isKnown } = await virtualOf(await graduated(rig, gatewayId(1)), rig, packet);
      const moved: Awaited<ReturnType<typeof arrive>>[] = [];
      for (let i = 0; i < maxMovedPlaces + 2; i++) {
        const place = await arrive(rig, packet, `127.0.0.${10 + i}`);
        const virtual = lastSeen(rig);
        // The gateway probes the path, twice, and the next packet does not answer that.
        for (let probe = 0; probe < 2; probe++)
          await answer(place.client, rig, virtual, shortPacket(gatewayId(8), 1200));
        await ask(place.client, rig, packet);
        moved.push(place);
      }
      await settles(() => probation(rig), [1 + maxMovedPlaces, maxMovedPlaces, 2]);
      expect([isKnown(), ...moved.map((each) => each.isKnown())]).toEqual([
        true,
        false,
        false,
        ...Array<boolean>(maxMovedPlaces).fill(true),
      ]);
    });

    it("show where a client is: not where its connection was, and not for long", async () => {
      const rig = await openGateway(harness);
      const client = await openPeer();
      const { address, port } = await graduate(client, rig, gatewayId(1));
      const isThere = (): boolean | undefined => rig.forwarder.clientOf(address, port)?.isThere;
      const packet = shortPacket(gatewayId(1), 60);
      expect(isThere()).toBe(true);
      const moved = await openPeer();
      await ask(moved, rig, packet);
      expect(isThere()).toBe(false);
      await ask(client, rig, packet);
      expect(isThere()).toBe(true);
      rig.clock.nowMs += gatewayPresenceMs;
      // Under an ID that nobody knows, so it may be anybody.
      await ask(moved, rig, shortPacket(gatewayId(2), 60));
      await ask(await openPeer(), rig, shortPacket(gatewayId(3), 60));
      expect(isThere()).toBe(false);
    });

    it("are new ones for who begins a connection where another one was", async () => {
      const rig = await openGateway(harness);
      const client = await openPeer();
      const old = await graduate(client, rig, gatewayId(1));
      await ask(client, rig, initial);
      expect(lastSeen(rig)).toEqual(old);
      await ask(await openPeer(), rig, shortPacket(gatewayId(1), 60));
      await ask(client, rig, initial);
      const { address, port } = lastSeen(rig);
      expect({ address, port }).not.toEqual(old);
      expect(rig.forwarder.clientOf(old.address, old.port)).toBeUndefined();
      expect(rig.forwarder.clientOf(address, port)).toMatchObject({ ...client.address, isThere: true });
    });

    it("wait for an answer as long as any, where a connection that has moved is now", async () => {
      const rig = await openGateway(harness);
      await graduate(await openPeer(), rig, gatewayId(1));
      const { client } = await arrive(rig, shortPacket(gatewayId(1), 60));
      const virtual = lastSeen(rig);
      // Its end shows that there has been a sweep.
      await arrive(rig);
      rig.clock.nowMs += gatewayIdleMs - 1;
      await settles(() => probation(rig), [2, 1, 0]);
      await answer(client, rig, virtual, shortPacket(gatewayId(8), 60));
    });

    it("are kept by what the gateway answers, not by what comes from somewhere", async () => {
      const upstream = await openPeer();
      const rig = { ...(await harness.open({ upstream: upstream.address })), upstream };
      const pass = async (client: UdpPeer, datagram: Buffer): Promise<Address> => {
        const count = upstream.inbox.length + 1;
        client.send(datagram, rig.ipv4);
        await settles(() => upstream.inbox.length, count);
        return lastSeen(rig);
      };
      const [quiet, busy] = [await openPeer(), await openPeer()];
      const virtuals: Address[] = [];
      for (const client of [quiet, busy]) {
        const virtual = await pass(client, initial);
        await answer(client, rig, virtual, longPacketOf(2, { from: gatewayId(1) }));
        virtuals.push(await pass(client, shortPacket(gatewayId(1), 60)));
      }
      // Such as Retry, or Version Negotiation.
      await answer(quiet, rig, virtuals[0]!, longPacketOf(3, {}));
      await answer(busy, rig, virtuals[1]!, shortPacket(gatewayId(8), 60));
      rig.clock.nowMs += gatewayIdleMs - 1;
      for (const client of [quiet, busy]) await pass(client, shortPacket(gatewayId(1), 60));
      rig.clock.nowMs += 1;
      await settles(() => probation(rig), [1, 0, 0]);
      const isKnown = ({ address, port }: Address): boolean =>
        rig.forwarder.clientOf(address, port) !== undefined;
      expect(virtuals.map(isKnown)).toEqual([false, true]);
    });

    it("wait no longer than those of strangers at addresses that a connection has sent from, but is not at", async () => {
      const rig = await openGateway(harness);
      const packet = shortPacket(gatewayId(1), 60);
      const client = await graduated(rig, gatewayId(1));
      for (let i = 0; i < maxMovedPlaces; i++) await arrive(rig, packet, `127.0.0.${10 + i}`);
      expect(probation(rig)).toEqual([1 + maxMovedPlaces, maxMovedPlaces, 0]);
      rig.clock.nowMs += gatewayNewIdleMs;
      await settles(() => probation(rig), [2, 1, 0]);
      await ask(client, rig, packet);
      await settles(() => probation(rig), [1, 0, 0]);
    });

    it("of a connection count in the share of its first address, wherever its packets come from", async () => {
      const rig = await openGateway(harness, { maxGatewayClients: 8 * minGatewayShare });
      for (let i = 0; i < minGatewayShare; i++) await graduate(await openPeer(), rig, gatewayId(i));
      (await openPeer("127.0.0.2")).send(shortPacket(gatewayId(1), 60), rig.ipv4);
      await settles(() => rig.forwarder.stats().dropped["gateway-share"], 1);
      expect(probation(rig)).toEqual([minGatewayShare, 0, 0]);
    });

    it("are shared out among addresses", async () => {
      const rig = await openGateway(harness, { maxGatewayClients: 2 * minGatewayShare });
      for (let i = 0; i < minGatewayShare; i++) await graduate(await openPeer(), rig, gatewayId(i));
      (await openPeer()).send(initial, rig.ipv4);
      await settles(() => rig.forwarder.stats().dropped["gateway-share"], 1);
      for (const host of ["127.0.0.2", "::1"]) await arrive(rig, initial, host);
      expect(probation(rig)).toEqual([minGatewayShare + 2, 2, 0]);
    });

    it("of an address that has its share go from its own oldest on probation to its newest", async () => {
      const rig = await openGateway(harness, { maxGatewayClients: 8 * minGatewayShare });
      const other = await arrive(rig, initial, "127.0.0.2");
      const oldest = await arrive(rig);
      for (let i = 0; i < minGatewayShare; i++) await arrive(rig);
      await settles(() => probation(rig), [minGatewayShare + 1, minGatewayShare + 1, 1]);
      expect([other, oldest].map(({ isKnown }) => isKnown())).toEqual([true, false]);
    });
  });
}
