import { createHash, randomBytes } from "node:crypto";
import { expect } from "vitest";
import { makeGarbage } from "../../../../scripts/garbage/datagrams.ts";
import { createRandom } from "../../../../scripts/garbage/random.ts";
import type {
  ForwarderStats,
  SessionCounters,
  SessionSpec,
  XdpOption,
} from "../../../../src/forwarder/index.ts";
import type { Address } from "../../../../src/wire/address.ts";
import { cidBytes } from "../../../../src/wire/connection-id.ts";
import { encodeBindingRequest } from "../../../../src/wire/stun-binding.ts";
import { type AncillaryPeer, openAncillaryPeer } from "../../harness/network/ancillary-udp.ts";
import { longPacket, shortPacket } from "../../harness/packets.ts";
import type { Network } from "./network.ts";
import { openRemoteForwarder, type RemoteForwarder } from "./remote-forwarder.ts";

/** What can be told from outside of a relay after a day of work, but for what tells the paths apart. */
export interface Outcome {
  readonly stats: Omit<ForwarderStats, "path">;
  readonly sessions: Readonly<
    Record<
      string,
      Omit<SessionCounters, "packetsOffloaded" | "firstForwardedAtMs"> & { readonly wasForwarded: boolean }
    >
  >;
  /** What everybody received, sorted: two paths may overtake each other. */
  readonly received: Readonly<Record<string, readonly string[]>>;
}

/** A bucket that holds 54 packets of 1200 bytes, and that takes a day to gain another. */
const hardlyAnything = 0.01;
/**
 * The byte that the first connection ID of each session is made of; the others follow it, so that garbage, which has 64
 * of the kind, leads somewhere.
 */
const cids = { alice: 0, bob: 10, eve: 20, expired: 30, nowhere: 40, unreachable: 50, nobody: 60, eves: 70 };
const cidsPerSession = 10;
const initialDcid = Buffer.from("8394c8f03e515708", "hex");

/** Everybody in the scenario who has an address, and what was sent so far. */
interface Cast {
  readonly forwarder: RemoteForwarder;
  readonly peers: Readonly<Record<"alice" | "bob" | "eve" | "eves" | "stranger", AncillaryPeer>>;
  /** Sends one by one, each when the forwarder has accounted for those before. */
  send(from: AncillaryPeer, datagrams: readonly Uint8Array[], ecn?: number): Promise<void>;
}

function accountedFor({ dropped, gateway, relayed, stun }: ForwarderStats): number {
  const drops = Object.values(dropped).reduce((sum, count) => sum + count);
  return relayed.packets + gateway.packetsIn + stun.answered + stun.challenged + stun.rejected + drops;
}

/** Plays everything that a relay can do with a packet, at the relay's address of one IP version. */
export async function play(
  network: Network,
  family: "ipv4" | "ipv6",
  xdp: XdpOption,
): Promise<{ outcome: Outcome; path: ForwarderStats["path"] }> {
  const host = network.addresses.relay[family];
  const forwarder = await openRemoteForwarder(network.relay, { host, xdp });
  const cast = await gather(network, family, forwarder);
  const sessions = await open(cast);
  await relayPackets(cast);
  await refusePackets(cast);
  await passToTheGateway(cast);
  await throwGarbage(cast);
  const counters = Object.entries(sessions).map(async ([name, id]) => {
    const { packetsOffloaded: _, firstForwardedAtMs, ...both } = await forwarder.call("countersOf", id);
    return [name, { ...both, wasForwarded: firstForwardedAtMs !== null }] as const;
  });
  const { path, ...stats } = await forwarder.stats();
  const outcome = {
    stats,
    sessions: Object.fromEntries(await Promise.all(counters)),
    received: await inboxes(cast, stats),
  };
  await forwarder.close();
  return { outcome, path };
}

async function gather(network: Network, family: "ipv4" | "ipv6", forwarder: RemoteForwarder): Promise<Cast> {
  const { addresses, alice, bob } = network;
  const here = (): Promise<AncillaryPeer> => openAncillaryPeer(addresses.alice[family], alice);
  const there = openAncillaryPeer(addresses.bob[family], bob);
  const [first, eve, eves, stranger, second] = await Promise.all([here(), here(), here(), here(), there]);
  const relay = { address: addresses.relay[family], port: 4433 };
  let sent = 0;
  return {
    forwarder,
    peers: { alice: first, bob: second, eve, eves, stranger },
    async send(from, datagrams, ecn) {
      from.send(datagrams, relay, ecn);
      sent += datagrams.length;
      await expect.poll(async () => accountedFor(await forwarder.stats()), { interval: 5 }).toBe(sent);
    },
  };
}

async function open({ forwarder, peers: { alice, bob, eve, eves } }: Cast): Promise<Record<string, number>> {
  const register = (name: keyof typeof cids, address: Address | null, change?: Partial<SessionSpec>) => {
    const bytes = Array.from({ length: cidsPerSession }, (_, i) => Buffer.alloc(cidBytes, cids[name] + i));
    return forwarder.register(address, cids[name], { cids: Buffer.concat(bytes), ...change });
  };
  const bucket = await forwarder.call("openBucket", hardlyAnything);
  const sessions = {
    alice: await register("alice", alice.address),
    bob: await register("bob", bob.address),
    eve: await register("eve", eve.address, { bucket }),
    // Another registration of the same subject.
    eves: await register("eves", eves.address, { bucket }),
    expired: await register("expired", { ...bob.address, port: 9 }, { expiresAtMs: Date.now() }),
    nowhere: await register("nowhere", null),
    unreachable: await register("unreachable", { ...bob.address, port: 0 }),
  };
  await forwarder.call("routeInitial", {
    destinationId: initialDcid,
    to: sessions.bob,
    from: sessions.alice,
    expiresAtMs: Date.now() + 60_000,
  });
  return sessions;
}

async function relayPackets({ peers: { alice, bob, eve, eves }, send }: Cast): Promise<void> {
  for (const ecn of [0, 1, 2, 3]) {
    await send(
      alice,
      [13, 100, 1200, 1452].map((bytes) => shortPacket(cids.bob, bytes)),
      ecn,
    );
    await send(
      bob,
      [14, 101, 1199, 1451].map((bytes) => shortPacket(cids.alice, bytes)),
      ecn,
    );
  }
  await send(alice, [longPacket(Buffer.alloc(12, cids.bob)), longPacket(initialDcid)]);
  await send(
    eve,
    Array.from({ length: 60 }, () => shortPacket(cids.bob)),
  );
  await send(eves, [shortPacket(cids.bob), shortPacket(cids.alice)]);
  await send(bob, [shortPacket(cids.eve)]);
}

async function refusePackets({ peers: { alice, bob, stranger }, send }: Cast): Promise<void> {
  await send(stranger, [
    shortPacket(cids.bob),
    longPacket(Buffer.alloc(12, cids.bob)),
    longPacket(initialDcid),
  ]);
  await send(
    alice,
    [cids.expired, cids.nowhere, cids.unreachable, cids.alice].map((cidByte) => shortPacket(cidByte)),
  );
  await send(bob, [longPacket(initialDcid), Buffer.alloc(0)]);
  // A peer's own Initial to nobody yet.
  await send(alice, [longPacket(Buffer.alloc(8, cids.nobody), 1200, Buffer.alloc(12, cids.alice))]);
}

async function passToTheGateway({ peers: { alice, stranger }, send }: Cast): Promise<void> {
  await send(stranger, [longPacket(Buffer.alloc(8, cids.nobody)), shortPacket(cids.nobody)]);
  await send(alice, [shortPacket(cids.nobody)]);
  const credential = { username: "reg_1", password: "s3cret" };
  await send(stranger, [
    encodeBindingRequest({ transactionId: randomBytes(12) }),
    encodeBindingRequest({ transactionId: randomBytes(12), credential }),
  ]);
}

/** How much STUN is answered in a second is no matter of the path; what does not fit into a packet is for another test. */
function isWanted(datagram: Buffer): boolean {
  return datagram.length <= 1452 && !isStun(datagram);
}

async function throwGarbage({ peers: { alice, stranger }, send }: Cast): Promise<void> {
  const random = createRandom(20_261_122);
  for (let round = 0; round < 10; round++) {
    const garbage = Array.from({ length: 40 }, () => makeGarbage(random)).filter(isWanted);
    await send(round % 2 === 0 ? alice : stranger, garbage);
  }
}

/** All that came, which is what the forwarder says it relayed and answered. */
async function inboxes({ peers }: Cast, { relayed, stun }: Outcome["stats"]): Promise<Outcome["received"]> {
  const count = (): number => Object.values(peers).reduce((sum, { inbox }) => sum + inbox.length, 0);
  await expect.poll(count).toBe(relayed.packets + stun.answered + stun.challenged + stun.rejected);
  return Object.fromEntries(Object.entries(peers).map(([name, peer]) => [name, inboxOf(peer)]));
}

function inboxOf({ inbox }: AncillaryPeer): string[] {
  const lines = inbox.map(({ datagram, ecn, from }) => {
    // A challenge has a nonce of its own each time.
    const content = isStun(datagram) ? "STUN" : createHash("sha256").update(datagram).digest("base64url");
    return `${from.address} ${from.port} ecn ${ecn} ${datagram.length} bytes ${content}`;
  });
  return lines.toSorted();
}

/** RFC 8489 §5: the magic cookie. */
function isStun(datagram: Buffer): boolean {
  return datagram.toString("hex", 4, 8) === "2112a442";
}
