import type { Link } from "./contract.ts";
import type { InterfaceFacts } from "./policy.ts";
import { type Family, familyOf, relayAddresses } from "./relay-addresses.ts";
import type { XdpSystem } from "./system.ts";

/** Reads the facts that policy needs, for a relay that is bound to an IP literal. */
export function readFacts(
  link: Link,
  bound: string,
  addresses: readonly string[],
  system: Pick<XdpSystem, "setting">,
): InterfaceFacts {
  const held = relayAddresses(bound, addresses).map(familyOf);
  const families = held.length > 0 ? new Set(held) : familiesOf(bound);
  const forwarding = Array.from(
    families,
    (family) => [family, isForwarding(link.name, family, system)] as const,
  );
  return { link, forwarding: Object.fromEntries(forwarding) };
}

/** Reports whether the kernel forwards packets that arrive on an interface. */
export function isForwarding(name: string, family: Family, system: Pick<XdpSystem, "setting">): boolean {
  return !["0", undefined].includes(system.setting(`net/${family}/conf/${name}/forwarding`));
}

function familiesOf(bound: string): ReadonlySet<Family> {
  return new Set(bound === "::" ? ["ipv4", "ipv6"] : [familyOf(bound)]);
}
