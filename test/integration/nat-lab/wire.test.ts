import { describe, expect } from "vitest";
import { openAncillaryPeer } from "../harness/network/ancillary-udp.ts";
import { itWith } from "../harness/requirement.ts";
import { createLab, type Lab } from "./lab.ts";
import { Probe } from "./probe.ts";

const itBuilds = itWith("netns", "python");

async function hostsOf(lab: Lab): Promise<[alice: Probe, bob: Probe, relay: Probe]> {
  return await Promise.all([
    Probe.open(lab.alice, lab.addresses.alice.ipv4!.local),
    Probe.open(lab.bob, lab.addresses.bob.ipv4!.local),
    Probe.open(lab.relay, lab.addresses.relay.ipv4[0]),
  ]);
}

/** Milliseconds of a way there and back. */
async function roundTripMs(from: Probe, to: Probe): Promise<number> {
  const start = performance.now();
  await from.received(to.send(await from.reach(to)));
  return performance.now() - start;
}

/** How many of 1000 datagrams from Alice are lost on the way to Bob, and in how many runs. */
async function lossesOf(lab: Lab): Promise<{ readonly lost: number; readonly runs: number }> {
  const [alice, bob] = await hostsOf(lab);
  const came: boolean[] = [];
  // As many at once as the receiver's system has room for.
  for (let batch = 0; batch < 20; batch += 1) {
    const marks = Array.from({ length: 50 }, () => alice.send(bob.address));
    // One that comes behind them shows that no more of them will.
    const behind: string[] = [];
    const isThrough = (): boolean => behind.some((mark) => bob.sourceOf(mark) !== undefined);
    await expect
      .poll(() => isThrough() || (behind.push(alice.send(bob.address)), false), { interval: 10 })
      .toBe(true);
    came.push(...marks.map((mark) => bob.sourceOf(mark) !== undefined));
  }
  const lost = came.filter((is) => !is).length;
  return { lost, runs: came.filter((is, index) => !is && came[index - 1] !== false).length };
}

describe("the wire", () => {
  itBuilds("delays each way by what it is told, and the relay's by something else", async () => {
    const wire = { direct: { delayMs: 20 }, relay: { delayMs: 1000 } };
    await using lab = await createLab({ alice: "port-dependent", bob: "open", wire });
    const [alice, bob, relay] = await hostsOf(lab);
    expect(await roundTripMs(alice, bob)).toBeGreaterThan(40);
    const slow = alice.send(relay.address);
    await alice.reach(bob);
    expect(relay.sourceOf(slow)).toBeUndefined();
    await relay.received(slow);
    await lab.impair("relay", {});
    await lab.impair("relay-to-alice", { delayMs: 60 });
    expect(await roundTripMs(alice, relay)).toBeGreaterThan(60);
  });

  itBuilds("loses as many packets as it is told, each by itself or in bursts", async () => {
    await using lab = await createLab({ alice: "open", bob: "open", wire: {} });
    expect(await lossesOf(lab)).toEqual({ lost: 0, runs: 0 });
    await lab.impair("alice-to-bob", { loss: 0.2 });
    const single = await lossesOf(lab);
    expect(single.lost).toBeGreaterThan(100);
    expect(single.lost).toBeLessThan(300);
    expect(single.lost / single.runs).toBeLessThan(2);
    await lab.impair("alice-to-bob", { loss: 0.2, burst: 5 });
    const bursts = await lossesOf(lab);
    expect(bursts.lost).toBeLessThan(500);
    expect(bursts.lost / bursts.runs).toBeGreaterThan(2.5);
  });

  itBuilds("loses on one way alone", async () => {
    await using lab = await createLab({ alice: "open", bob: "open", wire: {} });
    const [alice, bob] = await hostsOf(lab);
    await lab.impair("alice-to-bob", { loss: 1 });
    const lost = alice.send(bob.address);
    await bob.reach(alice);
    await lab.impair("alice-to-bob", {});
    await alice.reach(bob);
    expect(bob.sourceOf(lost)).toBeUndefined();
  });

  itBuilds("carries datagrams of both versions that the sender's system cuts up late", async () => {
    const both = ["open", "open-v6"] as const;
    await using lab = await createLab({ alice: both, bob: both, wire: {} });
    for (const version of ["ipv4", "ipv6"] as const) {
      const [alice, bob] = await Promise.all([
        openAncillaryPeer(lab.addresses.alice[version]!.local, lab.alice),
        openAncillaryPeer(lab.addresses.bob[version]!.local, lab.bob),
      ]);
      const datagrams = Array.from({ length: 40 }, (_, index) => Buffer.alloc(1200, index));
      alice.sendSegmented(datagrams, bob.address);
      await bob.received(40);
      expect(bob.inbox.map(({ datagram }) => datagram)).toEqual(datagrams);
    }
  });
});
