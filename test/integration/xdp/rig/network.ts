import { Namespace } from "../../harness/network/namespaces.ts";

/**
 * A relay and two peers, at documentation addresses (RFC 5737, RFC 3849) that exist only in these namespaces. What the
 * peers and the relay send has its checksums, as if there were a wire.
 */
export interface Network {
  readonly relay: Namespace;
  readonly alice: Namespace;
  readonly bob: Namespace;
  /** The relay's interfaces. */
  readonly interfaces: readonly string[];
  readonly addresses: Readonly<Record<"relay" | "alice" | "bob", Addresses>>;
}

/** An address of each IP version. */
export interface Addresses {
  readonly ipv4: string;
  readonly ipv6: string;
}

/** The name of a peer's interface. */
export const peerLink = "eth";

const relayAddresses: Addresses = { ipv4: "192.0.2.1", ipv6: "2001:db8:1::1" };
const aliceAddresses: Addresses = { ipv4: "192.0.2.2", ipv6: "2001:db8:1::2" };
/** The relay's addresses at the interface towards bob, where he has one of his own. */
export const relayForBob: Addresses = { ipv4: "198.51.100.1", ipv6: "2001:db8:2::1" };
const bobBehindIt: Addresses = { ipv4: "198.51.100.2", ipv6: "2001:db8:2::2" };

/** Both peers are behind the relay's one interface `eth`, on the other side of a switch. */
export function createOneArmed(): Network {
  const { relay, alice, bob } = createHosts();
  const fabric = new Namespace("switch");
  fabric.ip("link", "add", "bridge", "up", "type", "bridge", "mcast_snooping", "0");
  for (const [host, port] of [
    [relay, "to-relay"],
    [alice, "to-alice"],
    [bob, "to-bob"],
  ] as const) {
    host.cable(peerLink, fabric, port);
    fabric.ip("link", "set", port, "master", "bridge");
  }
  const addresses = {
    relay: relayAddresses,
    alice: aliceAddresses,
    bob: { ipv4: "192.0.2.3", ipv6: "2001:db8:1::3" },
  };
  give(relay, peerLink, addresses.relay);
  give(alice, peerLink, addresses.alice);
  give(bob, peerLink, addresses.bob);
  for (const host of [relay, alice, bob]) finishChecksums(host, peerLink);
  takeFrames(fabric, "to-relay");
  allowForwarding(relay, peerLink);
  return { relay, alice, bob, interfaces: [peerLink], addresses };
}

/** Each peer has a cable to an interface of its own; bob reaches the relay at the address of alice's side. */
export function createTwoArmed(): Network {
  const { relay, alice, bob } = createHosts();
  const interfaces = ["to-alice", "to-bob"];
  const addresses = { relay: relayAddresses, alice: aliceAddresses, bob: bobBehindIt };
  connect(relay, "to-alice", addresses.relay, alice, addresses.alice);
  connectBob({ relay, bob });
  return { relay, alice, bob, interfaces, addresses };
}

/** Lays the cable from a relay with two interfaces to bob, who had none or whose was taken away. */
export function connectBob({ relay, bob }: Pick<Network, "relay" | "bob">): void {
  connect(relay, "to-bob", relayForBob, bob, bobBehindIt);
  bob.ip("route", "add", "default", "via", relayForBob.ipv4);
  bob.ip("-6", "route", "add", "default", "via", relayForBob.ipv6);
}

function connect(
  relay: Namespace,
  link: string,
  address: Addresses,
  peer: Namespace,
  peerAddress: Addresses,
): void {
  relay.cable(link, peer, peerLink);
  give(relay, link, address);
  give(peer, peerLink, peerAddress);
  finishChecksums(relay, link);
  finishChecksums(peer, peerLink);
  takeFrames(peer, peerLink);
  allowForwarding(relay, link);
}

function createHosts(): Pick<Network, "relay" | "alice" | "bob"> {
  const [relay, alice, bob] = [new Namespace("relay"), new Namespace("alice"), new Namespace("bob")];
  // Nobody has an address twice here: no time is spent on asking (RFC 4862 §5.4).
  for (const host of [relay, alice, bob]) host.run("sysctl", "-qw", "net.ipv6.conf.default.accept_dad=0");
  return { relay, alice, bob };
}

function give(host: Namespace, link: string, { ipv4, ipv6 }: Addresses): void {
  host.ip("address", "add", `${ipv4}/24`, "dev", link);
  host.ip("address", "add", `${ipv6}/64`, "dev", link);
}

/** Writes checksums in software; the driver of a cable leaves them out, as nothing ever checks them. */
function finishChecksums(host: Namespace, link: string): void {
  host.run("ethtool", "-K", link, "tx", "off");
}

/** Leaves the checksums to the driver again. */
export function leaveChecksums(host: Namespace, link: string): void {
  host.run("ethtool", "-K", link, "tx", "on");
}

/** Lets the other end of the cable hand over frames that never were packets of the stack (XDP_TX and redirects). */
export function takeFrames(host: Namespace, link: string, isOn = true): void {
  host.run("ethtool", "-K", link, "gro", isOn ? "on" : "off");
}

/** Says whether the kernel may look up where packets go that come in at a link, without which it forwards none. */
export function allowForwarding(host: Namespace, link: string, isOn = true): void {
  for (const family of ["ipv4", "ipv6"])
    host.run("sysctl", "-qw", `net.${family}.conf.${link}.forwarding=${isOn ? 1 : 0}`);
}

/** Lets the relay know the peers for good, so that its kernel has to ask for none of them. */
export function introducePeers({ relay, alice, bob, interfaces, addresses }: Network): void {
  for (const [peer, { ipv4, ipv6 }, link] of [
    [alice, addresses.alice, interfaces[0]!],
    [bob, addresses.bob, interfaces.at(-1)!],
  ] as const) {
    const [{ address }] = JSON.parse(peer.ip("-json", "link", "show", peerLink)) as [{ address: string }];
    for (const ip of [ipv4, ipv6])
      relay.ip("neighbour", "replace", ip, "lladdr", address, "dev", link, "nud", "permanent");
  }
}
