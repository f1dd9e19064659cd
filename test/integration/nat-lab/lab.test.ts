import { describe, expect } from "vitest";
import type { Address } from "../../../src/wire/address.ts";
import { itWith } from "../harness/requirement.ts";
import { createLab, type Lab } from "./lab.ts";
import { comesIn, Probe } from "./probe.ts";
import type { Kind } from "./rules.ts";

const itBuilds = itWith("netns");

/** Sockets of Alice's and of the relay's host, and what the latter saw of the first one of Alice's. */
interface View {
  readonly alice: Probe;
  /** Another socket of Alice's, which has sent nothing yet. */
  readonly unused: Probe;
  /** Two ports of the relay's first address, and one of its second. */
  readonly relay: readonly [Probe, Probe, Probe];
  /** Where Alice's datagrams to these came from. */
  readonly seen: readonly [Address, Address, Address];
}

async function viewOf(lab: Lab, version: "ipv4" | "ipv6" = "ipv4"): Promise<View> {
  const own = lab.addresses.alice[version]!.local;
  const [first, second] = lab.addresses.relay[version];
  const [alice, unused, ...relay] = await Promise.all([
    Probe.open(lab.alice, own),
    Probe.open(lab.alice, own),
    Probe.open(lab.relay, first),
    Probe.open(lab.relay, first),
    Probe.open(lab.relay, second),
  ]);
  const seen = [
    await alice.reach(relay[0]),
    await alice.reach(relay[1]),
    await alice.reach(relay[2]),
  ] as const;
  return { alice, unused, relay, seen };
}

/** Whether a mapping lets in who was never sent to: another port of a known address, and another address. */
async function filterOf({ unused, relay }: View): Promise<{ otherPort: boolean; otherAddress: boolean }> {
  const [friend, otherPort, otherAddress] = relay;
  const mapped = await unused.reach(friend);
  return {
    otherPort: await comesIn(otherPort, mapped, unused, friend),
    otherAddress: await comesIn(otherAddress, mapped, unused, friend),
  };
}

function portsOf({ seen }: View): number[] {
  return seen.map(({ port }) => port);
}

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
});

describe("the way between the places", () => {
  itBuilds("is cut both ways or one way, and healed, while the relay is reached", async () => {
    await using lab = await createLab({ alice: "open", bob: "open" });
    const { alice, relay } = await viewOf(lab);
    const bob = await Probe.open(lab.bob, lab.addresses.bob.ipv4!.local);
    const ways = async (): Promise<boolean[]> => [
      await comesIn(alice, bob.address, bob, relay[0]),
      await comesIn(bob, alice.address, alice, relay[0]),
    ];
    expect(await ways()).toEqual([true, true]);
    lab.cut();
    expect(await ways()).toEqual([false, false]);
    lab.heal();
    expect(await ways()).toEqual([true, true]);
    lab.cut("alice-to-bob");
    expect(await ways()).toEqual([false, true]);
    lab.heal();
    lab.cut("bob-to-alice");
    expect(await ways()).toEqual([true, false]);
  });
});
