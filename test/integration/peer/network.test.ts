import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { RegisterListResponse } from "../../../src/protocol.ts";
import type { BidirectionalStream, Connection, Peer } from "../../../src/peer/index.ts";
import { testCertificate } from "../harness/certificate.ts";
import { connectHttp3 } from "../harness/http/http3-client.ts";
import { DatagramProxy } from "../harness/network/datagram-proxy.ts";
import {
  bindPeer,
  codeOf,
  connectPeers,
  echo,
  nextConnection,
  roundTrip,
  startPeerRelay,
  testIdentities,
  writeAll,
} from "../harness/peers.ts";
import { tokenFor } from "../harness/token.ts";
import { openSocket } from "../harness/udp-peer.ts";

/** Whether a datagram is a QUIC long header packet to a peer: those have a source ID of 12 bytes, not 20. */
function isPeerHandshake(datagram: Buffer): boolean {
  return datagram[0]! >= 0xc0 && datagram[6 + datagram[5]!] === 12;
}

/** Alice and bob, each behind a NAT through which the relay can be reached, or not. */
async function connectThroughProxies(): Promise<{
  alice: Peer;
  near: Connection;
  far: Connection;
  proxies: readonly DatagramProxy[];
  reach: (isThere: boolean) => void;
}> {
  const proxies: DatagramProxy[] = [];
  const { alice, near, far } = await connectPeers({
    portFor: async (_name, port) => {
      const proxy = await DatagramProxy.open(port);
      proxies.push(proxy);
      return proxy.port;
    },
  });
  const reach = (isThere: boolean): void => {
    for (const proxy of proxies) proxy.dropIn = proxy.dropOut = (): boolean => !isThere;
  };
  return { alice, near, far, proxies, reach };
}

const transferBytes = 4_000_000;

/** Sends both ways on one stream, more than is in flight at a time, and ends it. */
function startTransfer(
  near: Connection,
  far: Connection,
): { begun: Promise<void>; received: Promise<number[]> } {
  const { promise: begun, resolve: onBegun } = Promise.withResolvers<void>();
  const exchange = async ({ readable, writable }: BidirectionalStream): Promise<number> => {
    void writeAll(writable, Buffer.alloc(transferBytes)).catch(() => undefined);
    let bytes = 0;
    for await (const chunk of readable) {
      bytes += chunk.length;
      if (bytes > transferBytes / 8) onBegun();
    }
    return bytes;
  };
  const opened = near.createBidirectionalStream();
  const accepted = far.incomingBidirectionalStreams.getReader().read();
  const received = Promise.all([opened.then(exchange), accepted.then(({ value }) => exchange(value!))]);
  // A test that looks at it after the connection has ended sees why.
  received.catch(() => undefined);
  return { begun, received };
}

describe("a network that does its worst", () => {
  it("mends a first flight of the accepter's that got lost", async () => {
    const { alice: a, bob: b } = await testIdentities();
    const { port } = await startPeerRelay();
    const proxy = await DatagramProxy.open(port);
    let dropped = 0;
    // All of it, and what the accepter may repeat by itself before it hears from the dialer.
    const endMs = (): number => firstMs + 1500;
    let firstMs = Infinity;
    proxy.dropOut = (datagram) => {
      if (!isPeerHandshake(datagram)) return false;
      firstMs = Math.min(firstMs, performance.now());
      if (performance.now() > endMs()) return false;
      dropped++;
      return true;
    };
    const bob = await bindPeer(proxy.port, "bob", { trust: [a.pin] });
    const alice = await bindPeer(port, "alice");
    const accepted = nextConnection(bob);
    const near = await alice.dial("bob", { pin: b.pin });
    void echo(await accepted);
    expect(dropped).toBeGreaterThan(1);
    expect(await roundTrip(near, "hello")).toBe("hello");
  });

  it.each(["alice", "bob"] as const)(
    "goes on at once when the NAT of %s rebinds: unanswered packets bring STUN, which moves the registration",
    async (behindNat) => {
      let proxy: DatagramProxy | undefined;
      const { near, far, relay } = await connectPeers({
        portFor: async (name, port) => {
          if (name !== behindNat) return port;
          proxy = await DatagramProxy.open(port);
          return proxy.port;
        },
      });
      const [moving, still] = behindNat === "alice" ? [near, far] : [far, near];
      void echo(still);
      expect(await roundTrip(moving, "before")).toBe("before");
      for (const text of ["after", "and once more"]) {
        await proxy!.rebind();
        expect(await roundTrip(moving, text)).toBe(text);
      }
      expect(relay.stats().stun.answered).toBeGreaterThan(0);
      expect(relay.stats().registrations).toBe(2);
    },
  );

  it("carries a connection over IPv6", async () => {
    const { alice: a, bob: b } = await testIdentities();
    const { port } = await startPeerRelay({ host: "::1" });
    const options = { relay: `https://[::1]:${port}`, relayCa: "insecure", host: "::1" };
    const bob = await bindPeer(port, "bob", { ...options, trust: [a.pin] });
    const alice = await bindPeer(port, "alice", { ...options, keepaliveMs: 100 });
    const accepted = nextConnection(bob);
    const near = await alice.dial("bob", { pin: b.pin });
    void echo(await accepted);
    expect(await roundTrip(near, "hello")).toBe("hello");
    expect(alice.address.address).toBe("::1");
  });

  it("goes on after a keepalive where only the other peer sends", async () => {
    let proxy: DatagramProxy | undefined;
    const { near, far } = await connectPeers({
      alice: { keepaliveMs: 300 },
      portFor: async (name, port) => {
        if (name === "bob") return port;
        proxy = await DatagramProxy.open(port);
        return proxy.port;
      },
    });
    void echo(near);
    await proxy!.rebind();
    expect(await roundTrip(far, "hello")).toBe("hello");
  });

  it("registers again where the relay has forgotten it", async () => {
    const { near, far, relay, port } = await connectPeers({ alice: { keepaliveMs: 300 } });
    void echo(far);
    const { certificate } = await testCertificate();
    const client = await connectHttp3(port, certificate, "auto");
    const headers = { authorization: `Bearer ${await tokenFor("alice")}` };
    const { body } = await client.request("/v1/register", { headers });
    const { registrations } = JSON.parse(body.toString()) as RegisterListResponse;
    await client.request(`/v1/register/${registrations[0]!.id}`, { method: "DELETE", headers });
    expect(relay.stats().registrations).toBe(1);
    expect(await roundTrip(near, "hello")).toBe("hello");
    expect(relay.stats().registrations).toBe(2);
  });

  it("spends no probes on a relay that does not answer, and goes on as soon as it does", async () => {
    const { near, far, reach } = await connectThroughProxies();
    const transfer = startTransfer(near, far);
    await transfer.begun;
    const sent = (): Promise<number[]> =>
      Promise.all([near, far].map(async (connection) => (await connection.getStats()).packetsSent));
    reach(false);
    await sleep(3500);
    const before = await sent();
    // Each wait for a probe is twice as long as the one before, so that one would fall into this time.
    await sleep(4000);
    expect(await sent()).toEqual(before);
    reach(true);
    expect(await transfer.received).toEqual([transferBytes, transferBytes]);
  });

  it("has done with a connection that is closed while the relay does not answer", async () => {
    const { alice, near, far, reach } = await connectThroughProxies();
    await startTransfer(near, far).begun;
    reach(false);
    await sleep(3500);
    near.close();
    await expect.poll(() => alice.stats().connections).toBe(0);
  });

  it("ends streams that are closed while the relay is started anew, twice", async () => {
    const { near, far, proxies, reach } = await connectThroughProxies();
    const transfer = startTransfer(near, far);
    await transfer.begun;
    for (let restart = 1; restart <= 2; restart++) {
      reach(false);
      const { port } = await startPeerRelay();
      await sleep(500);
      for (const proxy of proxies) proxy.relayPort = port;
      reach(true);
      await sleep(500);
    }
    expect(await transfer.received).toEqual([transferBytes, transferBytes]);
  });

  it("says that the relay is gone when a connection falls silent", async () => {
    const { near, far, relay } = await connectPeers({
      alice: { keepaliveMs: 100 },
      bob: { idleTimeoutMs: 4000 },
    });
    await relay.close({ graceMs: 0 });
    const error = await near.closed.catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: "ERR_QUICPIPE_CONNECTION_LOST",
      cause: { code: "ERR_QUICPIPE_RELAY_UNREACHABLE" },
    });
    expect(await codeOf(far.closed)).toBe("ERR_QUICPIPE_CONNECTION_LOST");
  });

  it("survives garbage under its connection IDs, from the relay's address and from others", async () => {
    const { alice, near, far, relay } = await connectPeers({ relay: { forwarder: { sourcePolicy: "any" } } });
    void echo(far);
    const { port } = relay.address();
    const attacker = await openSocket();
    for (let i = 0; i < 500; i++) {
      const garbage = randomBytes(1 + (i % 1200));
      attacker.send(garbage, alice.address.port, "127.0.0.1");
      attacker.send(garbage, port, "127.0.0.1");
    }
    await expect.poll(() => alice.stats().socket.foreign).toBeGreaterThan(0);
    expect(await roundTrip(near, "hello")).toBe("hello");
  });

  it("ignores a forged version negotiation, and garbage after the first flight", async () => {
    const { alice: a, bob: b } = await testIdentities();
    const { port } = await startPeerRelay({ forwarder: { sourcePolicy: "any" } });
    const attacker = await openSocket();
    const bob = await bindPeer(port, "bob");
    const alice = await bindPeer(port, "alice");
    let accepting: ReturnType<typeof bob.accept> | undefined;
    const deliver = async (packets: readonly Uint8Array[]): Promise<void> => {
      const [initial] = packets;
      const destinationId = initial!.subarray(6, 6 + initial![5]!);
      const sourceId = initial!.subarray(7 + destinationId.length, 19 + destinationId.length);
      const forge = (version: number[], rest: Uint8Array): Buffer =>
        Buffer.concat([
          Uint8Array.of(0xc0, ...version, 12),
          sourceId,
          Uint8Array.of(12),
          Buffer.alloc(12, 1),
          rest,
        ]);
      // To the dialer, by way of the relay, under the connection ID of its first packet.
      attacker.send(forge([0, 0, 0, 0], Uint8Array.of(0x6b, 0x33, 0x43, 0xcf)), port, "127.0.0.1");
      attacker.send(forge([0x6b, 0x33, 0x43, 0xcf], randomBytes(100)), port, "127.0.0.1");
      attacker.send(forge([0, 0, 0, 1], randomBytes(1180)), port, "127.0.0.1");
      await sleep(100);
      accepting = bob.accept(packets, { pin: a.pin });
    };
    const near = await alice.dial({ deliver }, { pin: b.pin });
    void echo(await accepting!);
    expect((await near.getStats()).packetsRefused).toBeGreaterThan(0);
    expect(await roundTrip(near, "hello")).toBe("hello");
  });

  it("lives with four connection IDs where the relay allows no more, all of them known to it", async () => {
    const few = { cidsPerConnection: 4 };
    const limits = { maxCidsPerRegistration: 4 };
    const { near, far, relay } = await connectPeers({ alice: few, bob: few, relay: { limits } });
    void echo(far);
    const { packetsIn } = relay.stats().gateway;
    expect(await roundTrip(near, randomBytes(500_000).toString("hex"))).toHaveLength(1_000_000);
    expect(relay.stats().cids).toBe(8);
    // A packet under an ID that the relay does not know would have gone to the gateway, and been lost.
    expect(relay.stats().gateway.packetsIn - packetsIn).toBeLessThan(20);
    for (const end of [near, far]) expect((await end.getStats()).packetsLost).toBe(0);
  });
});
