import { startMiniupnpd } from "../../harness/network/miniupnpd.ts";
import { mappedAddressOf } from "../addresses.ts";
import type { Home } from "./homes.ts";

/** Chains for what miniupnpd adds. The routers of the laboratory forward all that their NAT leads in. */
const rulesFor = (address: string): string => `table inet filter {
  chain miniupnpd {}
  chain prerouting_miniupnpd {}
  chain postrouting_miniupnpd {}
  chain prerouting { type nat hook prerouting priority dstnat - 1; ip daddr ${address} jump prerouting_miniupnpd; }
}`;

/**
 * Has the router of a site with one NAT map ports for its hosts, by PCP and NAT-PMP. They are ports of an address that it has beside
 * that of the NAT, which keeps doing what it does.
 */
export async function mapPorts({ place, site, provider }: Home): Promise<void> {
  const [router, ...others] = site.routers;
  if (!router || others.length > 0) throw new Error("ports are mapped by a router that is the only one");
  const address = mappedAddressOf(place, site.number);
  provider.ip("route", "add", address, "via", router.wanAddress, "dev", site.link);
  router.namespace.ip("address", "add", `${address}/32`, "dev", "wan");
  router.namespace.nft(rulesFor(address));
  await startMiniupnpd(router.namespace, "pcp", address);
}
