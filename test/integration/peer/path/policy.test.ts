import { describe, expect } from "vitest";
import type { Namespace } from "../../harness/network/namespaces.ts";
import { testIdentities } from "../../harness/peers.ts";
import { itWith } from "../../harness/requirement.ts";
import { createLab, type Lab } from "../../nat-lab/lab.ts";
import { labStunPort, startTransfer } from "./lab-peers.ts";

/** Counts what leaves a host by IP for anywhere but the relay, whatever it is. */
function countOthers(host: Namespace, { addresses }: Lab): () => number {
  host.nft(`table inet count {
  chain out {
    type filter hook output priority filter;
    oifname "lo" return
    ip daddr { ${addresses.relay.ipv4.join()} } return
    meta l4proto icmpv6 return
    counter
  }
}`);
  return () => Number(/counter packets (\d+)/.exec(host.run("nft", "list", "table", "inet", "count"))![1]);
}

describe("a peer that wants no direct path", () => {
  itWith("netns")("sends nothing to anybody but the relay, and both say whose policy it is", async () => {
    await using lab = await createLab({ alice: "open", bob: "open" });
    const others = countOthers(lab.alice, lab);
    const { alice, bob } = await startTransfer(lab, { alice: "never" });
    const reasons = await Promise.all([alice.refused(), bob.refused()]);
    expect(reasons.map(({ reason }) => reason)).toEqual(["policy", "peer-policy"]);
    expect(await alice.finish()).toMatchObject({ isComplete: true });
    expect(others()).toBe(0);
  });

  itWith("netns")("is one of those that send: the count sees the checks of one that does", async () => {
    await using lab = await createLab({ alice: "open", bob: "open" });
    const others = countOthers(lab.alice, lab);
    const { alice } = await startTransfer(lab);
    await alice.selected();
    expect(others()).toBeGreaterThan(0);
  });
});

describe("peers of which one does not trust the other", () => {
  itWith("netns")("send nothing to anybody but the relay", async () => {
    await using lab = await createLab({ alice: "open", bob: "open" });
    const others = [countOthers(lab.alice, lab), countOthers(lab.bob, lab)];
    const { eve } = await testIdentities();
    const dialing = startTransfer(lab, { env: { PINS: eve.pin } });
    await expect(dialing).rejects.toThrow(/certificate that is not trusted/);
    expect(others.map((count) => count())).toEqual([0, 0]);
  });
});

describe("a peer that wants public addresses alone", () => {
  itWith("netns")("stays on the relay in the other's own network, whose NAT leads nothing back", async () => {
    await using lab = await createLab({ together: "port-dependent" });
    const { alice } = await startTransfer(lab, { bob: "public-only" });
    expect(await alice.refused()).toMatchObject({ reason: "checks-timeout" });
  });
});

describe("a peer whose firewall lets UDP go to the relay's first port alone", () => {
  itWith("netns")("says so, and the other one that no check was answered", async () => {
    await using lab = await createLab({ alice: "relay-only", bob: "symmetric" });
    lab.alice.nft(`table inet first-port {
  chain out { type filter hook output priority filter; udp dport ${labStunPort} drop; }
}`);
    const { alice, bob } = await startTransfer(lab);
    const reasons = await Promise.all([alice.refused(), bob.refused()]);
    expect(reasons.map(({ reason }) => reason)).toEqual(["udp-blocked", "checks-timeout"]);
  });
});

describe("a peer that wants no relay", () => {
  itWith("netns")("has its connection as soon as that is direct", async () => {
    await using lab = await createLab({ alice: "port-dependent", bob: "port-dependent" });
    const { alice } = await startTransfer(lab, { alice: "require" });
    expect(alice.told.find(({ event }) => event === "ready")!.path).toMatchObject({ kind: "direct" });
    expect(await alice.finish()).toMatchObject({ isComplete: true });
  });

  itWith("netns")("has none where there is no direct path, and is told why", async () => {
    await using lab = await createLab({ alice: "symmetric", bob: "relay-only" });
    const dialing = startTransfer(lab, { alice: "require" });
    await expect(dialing).rejects.toThrow(/no direct path to bob \(checks-timeout\)/);
  });

  itWith("netns")("has none where the other one wants no direct path", async () => {
    await using lab = await createLab({ alice: "open", bob: "open" });
    const dialing = startTransfer(lab, { alice: "require", bob: "never" });
    await expect(dialing).rejects.toThrow(/no direct path to bob \(peer-policy\)/);
  });

  itWith("netns")("loses it where the direct path dies and none comes back", async () => {
    await using lab = await createLab({ alice: "open", bob: "open" });
    const { alice } = await startTransfer(lab, { alice: "require" });
    lab.cut();
    const end = alice.next(({ event }) => event === "done");
    await expect(end).rejects.toThrow(/no direct path to bob \(checks-timeout\)/);
  });
});
