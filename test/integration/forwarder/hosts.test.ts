import { randomBytes } from "node:crypto";
import { describe, expect } from "vitest";
import type { Backend } from "../../../src/forwarder/index.ts";
import type { Address } from "../../../src/wire/address.ts";
import { encodeBindingRequest } from "../../../src/wire/stun-binding.ts";
import { type AncillaryPeer, openAncillaryPeer } from "../harness/network/ancillary-udp.ts";
import type { Namespace } from "../harness/network/namespaces.ts";
import { itWith } from "../harness/requirement.ts";
import { addressesOf, change, createTwoAddresses, link } from "../harness/network/two-addresses.ts";
import { openRemoteForwarder } from "../xdp/rig/remote-forwarder.ts";
import { shortPacket } from "../harness/packets.ts";

const port = 4433;
const families = ["ipv4", "ipv6"] as const;

/** Asks by STUN, as a registration does that has no nonce yet. */
function question(): Uint8Array {
  const credential = { username: "reg_1", password: "s3cret" };
  return encodeBindingRequest({ transactionId: randomBytes(12), credential });
}

/** From where the answer to a question comes: a socket that was connected would see no other. */
async function answerFrom(peer: AncillaryPeer, address: string): Promise<Address> {
  const before = peer.inbox.length;
  peer.send([question()], { address, port });
  await peer.received(before + 1);
  return peer.inbox.at(-1)!.from;
}

function openPeers(
  clients: Namespace,
  family: (typeof families)[number],
): Promise<[AncillaryPeer, AncillaryPeer]> {
  const host = addressesOf[family].clients;
  return Promise.all([openAncillaryPeer(host, clients), openAncillaryPeer(host, clients)]);
}

describe.each<Backend>(["dgram", "native"])("a host with several addresses, on %s", (backend) => {
  const needs =
    backend === "native" ? (["native", "netns", "python"] as const) : (["netns", "python"] as const);

  itWith(...needs).each(families)("answers from the address that was asked, over %s", async (family) => {
    const { relay, clients } = createTwoAddresses();
    await openRemoteForwarder(relay, { backend });
    const peer = await openAncillaryPeer(addressesOf[family].clients, clients);
    for (const address of addressesOf[family].relay)
      expect(await answerFrom(peer, address)).toEqual({ address, port });
  });

  itWith(...needs).each(families)(
    "sends what it relays from the address that the receiver talks to, over %s",
    async (family) => {
      const { relay, clients } = createTwoAddresses();
      const [one, other] = addressesOf[family].relay;
      const forwarder = await openRemoteForwarder(relay, { backend });
      const [alice, bob] = await openPeers(clients, family);
      await forwarder.register({ ...alice.address, local: one }, 1);
      await forwarder.register({ ...bob.address, local: other }, 2);
      alice.send([shortPacket(2), shortPacket(2, 100)], { address: one, port });
      bob.send([shortPacket(1), shortPacket(1, 100)], { address: other, port });
      await Promise.all([alice.received(2), bob.received(2)]);
      expect(alice.inbox.map(({ from }) => from.address)).toEqual([one, one]);
      expect(bob.inbox.map(({ from }) => from.address)).toEqual([other, other]);
    },
  );

  itWith(...needs).each(families)("answers from an address that came later, over %s", async (family) => {
    const { relay, clients } = createTwoAddresses();
    const address = family === "ipv4" ? "192.0.2.21" : "2001:db8:1::21";
    await openRemoteForwarder(relay, { backend });
    const peer = await openAncillaryPeer(addressesOf[family].clients, clients);
    change(relay, "add", address);
    await expect.poll(() => answerFrom(peer, address), { interval: 200 }).toEqual({ address, port });
    change(relay, "delete", address);
    const [first] = addressesOf[family].relay;
    expect(await answerFrom(peer, first)).toEqual({ address: first, port });
    change(relay, "add", address);
    await expect.poll(() => answerFrom(peer, address), { interval: 200 }).toEqual({ address, port });
  });

  itWith(...needs).each(families)(
    "sends nothing from elsewhere to a peer of an address that has gone, over %s",
    async (family) => {
      const { relay, clients } = createTwoAddresses();
      const [one, other] = addressesOf[family].relay;
      const forwarder = await openRemoteForwarder(relay, { backend });
      const [alice, bob] = await openPeers(clients, family);
      await forwarder.register({ ...alice.address, local: one }, 1);
      await forwarder.register({ ...bob.address, local: other }, 2);
      alice.send([shortPacket(2)], { address: one, port });
      await bob.received(1);
      change(relay, "delete", other);
      // What is bound to the address goes on until the change is noticed; IPv6 lets a packet leave from one that has gone.
      const failed = async (): Promise<number> => {
        alice.send([shortPacket(2)], { address: one, port });
        return (await forwarder.stats()).dropped["send-failed"];
      };
      if (backend === "dgram" || family === "ipv4")
        await expect.poll(failed, { interval: 200 }).toBeGreaterThan(1);
      else await failed();
      bob.send([shortPacket(1)], { address: one, port });
      await alice.received(1);
      expect(new Set(bob.inbox.map(({ from }) => from.address))).toEqual(new Set([other]));
    },
  );

  itWith(...needs)("answers from the loopback address that was asked", async () => {
    const { relay } = createTwoAddresses();
    change(relay, "add", "127.0.0.2", "lo");
    await openRemoteForwarder(relay, { backend });
    for (const host of ["127.0.0.1", "::1"]) {
      const peer = await openAncillaryPeer(host, relay);
      for (const address of host === "::1" ? ["::1"] : ["127.0.0.1", "127.0.0.2"])
        expect(await answerFrom(peer, address)).toEqual({ address, port });
    }
    // A local peer whose address is one of the machine's own.
    const peer = await openAncillaryPeer("192.0.2.1", relay);
    for (const address of ["192.0.2.1", "192.0.2.11", "127.0.0.1"])
      expect(await answerFrom(peer, address)).toEqual({ address, port });
  });

  itWith(...needs)("answers at a link-local address, from that one", async () => {
    const { relay, clients } = createTwoAddresses();
    change(relay, "add", "fe80::1", link);
    change(clients, "add", "fe80::2", link);
    await openRemoteForwarder(relay, { backend });
    const peer = await openAncillaryPeer(`fe80::2%${link}`, clients);
    const from = await answerFrom(peer, `fe80::1%${link}`);
    expect(from.address.replace(/%.*/, "")).toBe("fe80::1");
  });
});

describe("a host that has a prefix as a whole, on native", () => {
  itWith(
    "native",
    "netns",
    "python",
  )("answers from each address of it", async () => {
    const { relay, clients } = createTwoAddresses();
    for (const [family, prefix] of [
      ["ipv4", "198.51.100.0/24"],
      ["ipv6", "2001:db8:5::/64"],
    ] as const) {
      relay.ip("route", "add", "local", prefix, "dev", "lo");
      clients.ip("route", "add", prefix, "via", addressesOf[family].relay[0]);
    }
    await openRemoteForwarder(relay, { backend: "native" });
    for (const [family, address] of [
      ["ipv4", "198.51.100.77"],
      ["ipv6", "2001:db8:5::77"],
    ] as const) {
      const peer = await openAncillaryPeer(addressesOf[family].clients, clients);
      expect(await answerFrom(peer, address)).toEqual({ address, port });
    }
  });
});
