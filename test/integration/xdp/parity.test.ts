import { describe, expect } from "vitest";
import type { XdpMode } from "../../../src/forwarder/index.ts";
import type { AncillaryPeer } from "../harness/network/ancillary-udp.ts";
import { itWith } from "../harness/requirement.ts";
import { shortPacket } from "../harness/packets.ts";
import { createOneArmed, createTwoArmed, introducePeers, type Network, relayForBob } from "./rig/network.ts";
import { openPair, send } from "./rig/pair.ts";
import { play } from "./rig/scenario.ts";

const arms: Readonly<Record<string, () => Network>> = {
  "one interface": createOneArmed,
  "an interface each": createTwoArmed,
};

describe("a relay whose kernel forwards", () => {
  itWith("native", "xdp").each(
    Object.entries(arms).flatMap(([name, create]) =>
      (["ipv4", "ipv6"] as const).map((family) => ({ name, create, family })),
    ),
  )("does what it does without, with the peers at $name, over $family", async ({ create, family }) => {
    const network = create();
    introducePeers(network);
    const without = await play(network, family, "off");
    expect(without.path.kernel.packets).toBe(0);
    for (const mode of ["native", "generic"] satisfies XdpMode[]) {
      const { outcome, path } = await play(network, family, { interfaces: network.interfaces, mode });
      expect(outcome).toEqual(without.outcome);
      // Pinned initials, and what is for a session whose address it does not have, it leaves to user space.
      expect(path.kernel.packets).toBeGreaterThan(90);
    }
  });

  itWith("native", "xdp").each(["ipv4", "ipv6"] as const)(
    "sends from the address that the receiver talks to, whichever the packet came to, over %s",
    async (family) => {
      const network = createTwoArmed();
      introducePeers(network);
      const [near, far] = [network.addresses.relay[family], relayForBob[family]];
      for (const xdp of ["off", { interfaces: network.interfaces }] as const) {
        const inKernel = xdp === "off" ? 0 : 1;
        const pair = await openPair(network, family, { host: "::", xdp });
        const { alice, aliceId, bob, bobId, forwarder } = pair;
        const turn = (id: number, peer: AncillaryPeer, local: string): Promise<void> =>
          forwarder.call("updateSession", id, { address: { ...peer.address, local } });
        // Nobody knows yet to which address they talk: the system chooses.
        expect(await send(pair, [shortPacket(2)])).toBe(0);
        await turn(aliceId, alice, near);
        await turn(bobId, bob, far);
        expect(await send(pair, [shortPacket(2)])).toBe(inKernel);
        await turn(bobId, bob, near);
        expect(await send(pair, [shortPacket(2)])).toBe(inKernel);
        bob.send([shortPacket(1)], { address: far, port: 4433 });
        await alice.received(1);
        expect(bob.inbox.map(({ from }) => from.address)).toEqual([far, far, near]);
        expect(alice.inbox.map(({ from }) => from.address)).toEqual([near]);
        await forwarder.close();
      }
    },
  );
});
