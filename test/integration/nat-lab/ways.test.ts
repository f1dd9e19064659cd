import { describe, expect } from "vitest";
import { itWith } from "../harness/requirement.ts";
import { createLab } from "./lab.ts";
import { comesIn, Probe } from "./probe.ts";
import { viewOf } from "./view.ts";

const itBuilds = itWith("netns", "python");

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

describe("both peers in one network", () => {
  itBuilds("see each other there, and one address of both from outside", async () => {
    await using lab = await createLab({ together: "port-dependent" });
    const { alice, bob } = lab.addresses;
    expect(alice.ipv4!.public).toBe(bob.ipv4!.public);
    const [first, second, relay] = await Promise.all([
      Probe.open(lab.alice, alice.ipv4!.local),
      Probe.open(lab.bob, bob.ipv4!.local),
      Probe.open(lab.relay, lab.addresses.relay.ipv4[0]),
    ]);
    expect(await first.reach(second)).toEqual(first.address);
    expect((await first.reach(relay)).address).toBe(alice.ipv4!.public);
    expect((await second.reach(relay)).address).toBe(alice.ipv4!.public);
    lab.cut("bob-to-alice");
    expect(await comesIn(first, second.address, second, relay)).toBe(true);
    expect(await comesIn(second, first.address, first, relay)).toBe(false);
    lab.heal();
    expect(await comesIn(second, first.address, first, relay)).toBe(true);
  });
});
