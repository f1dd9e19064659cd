import type { Address } from "../../../src/wire/address.ts";
import type { Lab } from "./lab.ts";
import { comesIn, Probe } from "./probe.ts";

/** Sockets of Alice's and of the relay's host, and what the latter saw of the first one of Alice's. */
export interface View {
  readonly alice: Probe;
  /** Another socket of Alice's, which has sent nothing yet. */
  readonly unused: Probe;
  /** Two ports of the relay's first address, and one of its second. */
  readonly relay: readonly [Probe, Probe, Probe];
  /** Where Alice's datagrams to these came from. */
  readonly seen: readonly [Address, Address, Address];
}

/** Opens them, and sends from the first one of Alice's to each of the relay's. */
export async function viewOf(lab: Lab, version: "ipv4" | "ipv6" = "ipv4"): Promise<View> {
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
export async function filterOf({
  unused,
  relay,
}: View): Promise<{ otherPort: boolean; otherAddress: boolean }> {
  const [friend, otherPort, otherAddress] = relay;
  const mapped = await unused.reach(friend);
  return {
    otherPort: await comesIn(otherPort, mapped, unused, friend),
    otherAddress: await comesIn(otherAddress, mapped, unused, friend),
  };
}

export function portsOf({ seen }: View): number[] {
  return seen.map(({ port }) => port);
}
