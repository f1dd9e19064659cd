import { type AncillaryPeer, openAncillaryPeer } from "../../harness/network/ancillary-udp.ts";
import type { Network } from "./network.ts";
import { openRemoteForwarder, type RemoteForwarder, type RemoteOptions } from "./remote-forwarder.ts";

/** Two registered peers at a relay: connection IDs made of 1 lead to alice, of 2 to bob. */
export interface Pair {
  readonly forwarder: RemoteForwarder;
  readonly alice: AncillaryPeer;
  readonly bob: AncillaryPeer;
  readonly aliceId: number;
  readonly bobId: number;
  /** Where both reach the relay. */
  readonly relay: { readonly address: string; readonly port: number };
}

/** Opens a relay that forwards in the kernel, unless said, and two peers that know nothing of that. */
export async function openPair(
  network: Network,
  family: "ipv4" | "ipv6",
  options: RemoteOptions = {},
): Promise<Pair> {
  const { addresses, interfaces } = network;
  const host = addresses.relay[family];
  const [forwarder, alice, bob] = await Promise.all([
    openRemoteForwarder(network.relay, { host, xdp: { interfaces }, ...options }),
    openAncillaryPeer(addresses.alice[family], network.alice),
    openAncillaryPeer(addresses.bob[family], network.bob),
  ]);
  const aliceId = await forwarder.register(alice.address, 1);
  const bobId = await forwarder.register(bob.address, 2);
  return { forwarder, alice, bob, aliceId, bobId, relay: { address: host, port: 4433 } };
}

/** Sends from alice to bob, sees that bob gets each, and tells how many of them the kernel carried. */
export async function send(
  { alice, bob, forwarder, relay }: Pair,
  datagrams: readonly Buffer[],
): Promise<number> {
  const before = await forwarder.stats();
  const count = bob.inbox.length;
  alice.send(datagrams, relay);
  await bob.received(count + datagrams.length);
  await forwarder.settles("stats", { relayed: { packets: before.relayed.packets + datagrams.length } });
  const after = await forwarder.stats();
  return after.path.kernel.packets - before.path.kernel.packets;
}
