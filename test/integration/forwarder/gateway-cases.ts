import { describe, expect, it } from "vitest";
import {
  bucketDepthMs,
  gatewayIdleMs,
  gatewayNewIdleMs,
  newGatewayClientsPerSecond,
} from "../../../src/defaults/index.ts";
import { formatAddress } from "../../../src/wire/address.ts";
import { graduate, initial, openGateway } from "./gateway.ts";
import { type Harness, settles } from "./rig.ts";
import { openPeer } from "../harness/udp-peer.ts";

/** What every backend has to do with datagrams that are not its own. */
export function gatewayCases(harness: Harness, clientsBy: "address" | "port"): void {
  describe(`the gateway behind the relay, clients by ${clientsBy}`, () => {
    it("serves clients over IPv4 and IPv6 as if the relay were not there", async () => {
      const rig = await openGateway(harness);
      for (const host of ["127.0.0.1", "::1"]) {
        const client = await openPeer(host);
        for (const datagram of [initial, Buffer.from("@"), Buffer.alloc(1472, 0x40)]) {
          client.send(datagram, host === "::1" ? rig.ipv6 : rig.ipv4);
          expect(await client.next()).toEqual(Buffer.concat([Buffer.from(">"), datagram]));
        }
      }
      await settles(() => rig.forwarder.stats().gateway, {
        packetsIn: 6,
        packetsOut: 6,
        clients: 2,
        onProbation: 2,
        givenUp: 0,
      });
    });

    it("passes a client's first flight on whole, in order", async () => {
      const rig = await openGateway(harness);
      const client = await openPeer();
      const flight = Array.from({ length: 5 }, (_, i) => Buffer.concat([initial, Buffer.from([i])]));
      for (const datagram of flight) client.send(datagram, rig.ipv4);
      await settles(() => rig.upstream.inbox.map(({ datagram }) => datagram.at(-1)), [0, 1, 2, 3, 4]);
    });

    it("shows the gateway each client as one of its own, and knows who it is", async () => {
      const rig = await openGateway(harness);
      const clients = [await openPeer(), await openPeer(), await openPeer("::1")];
      for (const client of clients) {
        client.send(initial, client.address.address === "::1" ? rig.ipv6 : rig.ipv4);
        await client.next();
      }
      const seen = rig.upstream.inbox.map(({ from }) => from);
      const distinct = seen.map((from) => (clientsBy === "address" ? from.address : formatAddress(from)));
      expect(new Set(distinct).size).toBe(3);
      if (clientsBy === "address")
        expect(seen.map(({ address }) => /^127\.(?!0\.)/.test(address))).toEqual([true, true, true]);
      expect(seen.map(({ address, port }) => rig.forwarder.clientOf(address, port))).toMatchObject(
        clients.map(({ address }) => address),
      );
      if (clientsBy === "address")
        expect(rig.forwarder.clientOf(`::ffff:${seen[0]!.address}`)).toMatchObject(clients[0]!.address);
    });

    it("knows no client behind other addresses", async () => {
      const rig = await openGateway(harness);
      expect(rig.forwarder.clientOf("127.1.2.3", 1)).toBeUndefined();
      expect(rig.forwarder.clientOf("127.0.0.1")).toBeUndefined();
      expect(rig.forwarder.clientOf("not an address")).toBeUndefined();
    });

    it("forgets a client that is silent, one that never got going sooner", async () => {
      const rig = await openGateway(harness);
      const [fleeting, steady] = [await openPeer(), await openPeer()];
      fleeting.send(initial, rig.ipv4);
      await fleeting.next();
      await graduate(steady, rig);
      const virtual = rig.upstream.inbox[0]!.from;
      expect(rig.forwarder.stats().gateway.clients).toBe(2);
      rig.clock.nowMs += gatewayNewIdleMs;
      await settles(() => rig.forwarder.stats().gateway.clients, 1);
      expect(rig.forwarder.clientOf(virtual.address, virtual.port)).toBeUndefined();
      rig.clock.nowMs += gatewayIdleMs - gatewayNewIdleMs;
      await settles(() => rig.forwarder.stats().gateway.clients, 0);
    });

    it("refuses a client too many, and keeps those that it has", async () => {
      const rig = await openGateway(harness, { maxGatewayClients: 1 });
      const [first, second] = [await openPeer(), await openPeer()];
      await graduate(first, rig);
      second.send(initial, rig.ipv4);
      await settles(() => rig.forwarder.stats().dropped["gateway-full"], 1);
      first.send(initial, rig.ipv4);
      expect(await first.next()).toHaveLength(initial.length + 1);
    });

    it("refuses new clients that come too fast, of one address and in all", async () => {
      const rig = await openGateway(harness);
      const burst = (newGatewayClientsPerSecond * bucketDepthMs) / 1000;
      for (let i = 1; i <= burst; i++) {
        (await openPeer()).send(initial, rig.ipv4);
        await settles(() => rig.forwarder.stats().gateway.clients, i);
      }
      (await openPeer()).send(initial, rig.ipv4);
      await settles(() => rig.forwarder.stats().dropped["gateway-share-rate"], 1);
      expect(rig.forwarder.stats().dropped["gateway-rate"]).toBe(0);
      (await openPeer("127.0.0.2")).send(initial, rig.ipv4);
      await settles(() => rig.forwarder.stats().dropped["gateway-rate"], 1);
      expect(rig.forwarder.stats().gateway.clients).toBe(burst);
    });

    it("counts what a gateway that is down does not take, and recovers with it", async () => {
      const gone = await openPeer();
      const { address } = gone;
      await new Promise<void>((resolve) => void gone.socket.close(resolve));
      const rig = await harness.open({ upstream: address });
      const client = await openPeer();
      for (let sent = 1; sent <= 4; sent++) {
        client.send(initial, rig.ipv4);
        await settles(() => {
          const { dropped, gateway } = rig.forwarder.stats();
          return gateway.packetsIn + dropped["gateway-send-failed"];
        }, sent);
      }
      await settles(() => rig.forwarder.stats().dropped["gateway-send-failed"] > 0, true);
      const upstream = await openPeer(address.address, address.port);
      client.send(initial, rig.ipv4);
      client.send(initial, rig.ipv4);
      expect(await upstream.next()).toEqual(initial);
    });
  });
}
