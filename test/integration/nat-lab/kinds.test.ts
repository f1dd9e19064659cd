import { describe, expect } from "vitest";
import { itWith } from "../harness/requirement.ts";
import { createLab } from "./lab.ts";
import { comesIn, Probe } from "./probe.ts";
import type { Kind } from "./site/rules.ts";
import { filterOf, portsOf, viewOf } from "./view.ts";

const itBuilds = itWith("netns", "python");

/** Sends to an endpoint, and waits for the ICMP message that it is refused there. */
const askRefused = `
import socket, sys
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
    peer.connect((sys.argv[1], int(sys.argv[2])))
    peer.send(b"anybody there?")
    try:
        peer.recv(1)
    except ConnectionRefusedError:
        print("refused")
`;

describe("a place of the laboratory", () => {
  itBuilds.each<[Kind, boolean, boolean]>([
    ["full-cone", true, true],
    ["address-dependent", true, false],
  ])(
    "that is %s has one mapping with another port, and lets in what it says",
    async (kind, port, address) => {
      await using lab = await createLab({ alice: kind, bob: "open" });
      const view = await viewOf(lab);
      expect(new Set(portsOf(view)).size).toBe(1);
      expect(view.seen[0].address).toBe("198.51.100.2");
      expect(view.seen[0].port).not.toBe(view.alice.address.port);
      expect(await filterOf(view)).toEqual({ otherPort: port, otherAddress: address });
    },
  );

  itBuilds("that is port-dependent keeps its port, and lets in only who was sent to", async () => {
    await using lab = await createLab({ alice: "port-dependent", bob: "open" });
    const view = await viewOf(lab);
    const mapped = { ...view.alice.address, address: "198.51.100.2" };
    expect(view.seen).toEqual(view.relay.map(() => mapped));
    expect(await filterOf(view)).toEqual({ otherPort: false, otherAddress: false });
  });

  itBuilds("that is symmetric has another port for each destination, in no order", async () => {
    await using lab = await createLab({ alice: "symmetric", bob: "open" });
    const view = await viewOf(lab);
    const [a, b, c] = portsOf(view) as [number, number, number];
    expect(new Set([a, b, c, view.alice.address.port]).size).toBe(4);
    expect(b - a).not.toBe(c - b);
    expect(await filterOf(view)).toEqual({ otherPort: false, otherAddress: false });
  });

  itBuilds("that is open has the host's own address, and lets in everybody", async () => {
    await using lab = await createLab({ alice: ["open", "open-v6"], bob: ["open", "open-v6"] });
    const view = await viewOf(lab);
    expect(view.seen).toEqual(view.relay.map(() => view.alice.address));
    expect(await filterOf(view)).toEqual({ otherPort: true, otherAddress: true });
    for (const version of ["ipv4", "ipv6"] as const) {
      const bob = await Probe.open(lab.bob, lab.addresses.bob[version]!.local);
      const alice = await Probe.open(lab.alice, lab.addresses.alice[version]!.public);
      expect(await bob.reach(alice)).toEqual(bob.address);
    }
  });

  itBuilds(
    "that has a firewall of IPv4 has the host's own address, and lets in only who was sent to",
    async () => {
      await using lab = await createLab({ alice: "firewall-v4", bob: "open" });
      const view = await viewOf(lab);
      expect(view.seen).toEqual(view.relay.map(() => view.alice.address));
      expect(await filterOf(view)).toEqual({ otherPort: false, otherAddress: false });
    },
  );

  itBuilds(
    "that has a firewall of IPv6 beside a NAT has both versions, and lets in only who was sent to",
    async () => {
      await using lab = await createLab({ alice: ["full-cone", "firewall-v6"], bob: "open-v6" });
      const view = await viewOf(lab, "ipv6");
      expect(view.seen).toEqual(view.relay.map(() => view.alice.address));
      const bob = await Probe.open(lab.bob, lab.addresses.bob.ipv6!.local);
      const [friend] = view.relay;
      expect(await comesIn(bob, view.alice.address, view.alice, friend)).toBe(false);
      expect(await view.alice.reach(bob)).toEqual(view.alice.address);
      expect(await comesIn(bob, view.alice.address, view.alice, friend)).toBe(true);
      expect(await filterOf(view)).toEqual({ otherPort: false, otherAddress: false });
      expect(await filterOf(await viewOf(lab))).toEqual({ otherPort: true, otherAddress: true });
    },
  );

  itBuilds("that is relay-only sends to the relay and to nobody else", async () => {
    await using lab = await createLab({ alice: "relay-only", bob: "open" });
    const { alice, relay } = await viewOf(lab);
    const bob = await Probe.open(lab.bob, lab.addresses.bob.ipv4!.local);
    expect(await comesIn(alice, bob.address, bob, relay[0])).toBe(false);
    expect((await bob.reach(relay[0])).address).toBe(bob.address.address);
  });

  itBuilds("that is sequential has the next port for each destination", async () => {
    await using lab = await createLab({ alice: "sequential", bob: "open" });
    const view = await viewOf(lab);
    const [first] = portsOf(view);
    expect(portsOf(view)).toEqual([first, first! + 1, first! + 2]);
    expect(await filterOf(view)).toEqual({ otherPort: false, otherAddress: false });
  });

  itBuilds(
    "that is double maps as the carrier does, and lets in only whom the home lets in too",
    async () => {
      await using lab = await createLab({ alice: "double", bob: "open" });
      const view = await viewOf(lab);
      expect(new Set(portsOf(view)).size).toBe(1);
      expect(view.seen[0].address).toBe("198.51.100.2");
      expect(view.seen[0].port).not.toBe(view.alice.address.port);
      expect(await filterOf(view)).toEqual({ otherPort: false, otherAddress: false });
    },
  );

  itBuilds.each<[Kind, boolean]>([
    ["reject", true],
    ["unfiltered", false],
  ])("that is %s answers strangers, and then sends to them from the same port: %s", async (kind, isSame) => {
    await using lab = await createLab({ alice: kind, bob: "open" });
    const { alice, relay, seen } = await viewOf(lab);
    const bob = await Probe.open(lab.bob, lab.addresses.bob.ipv4!.local);
    expect(lab.bob.run("python3", "-c", askRefused, seen[0].address, String(seen[0].port))).toBe("refused\n");
    expect(await comesIn(bob, seen[0], alice, relay[0])).toBe(false);
    expect((await alice.reach(bob)).port === alice.address.port).toBe(isSame);
  });
});
