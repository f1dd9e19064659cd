import { openExchange } from "./exchange.ts";
import type { PortMappingParts } from "./port-mapping.ts";
import { mappingProtocols } from "./protocols.ts";
import { Upnp } from "./upnp/upnp.ts";

/** What a router offers, as far as it answers. */
export interface MappingServices {
  /** IPv4 literal; `undefined` without a router, or on a system that tells none. */
  readonly router?: string | undefined;
  readonly pcp: boolean;
  readonly natPmp: boolean;
  /** Only if that was to be asked. */
  readonly upnp?: boolean | undefined;
  /** Its address outside, if it tells one by NAT-PMP. */
  readonly externalAddress?: string | undefined;
}

/** Asks the router which protocols it maps ports by. Nothing is mapped. Takes 1 s if there are none, and 2 s more by UPnP. */
export async function findMappingServices({
  router: findRouter,
  openSocket,
  upnp,
}: Pick<PortMappingParts, "router" | "openSocket" | "upnp">): Promise<MappingServices> {
  const router = findRouter();
  const exchange = router === undefined ? undefined : await openExchange(openSocket, router);
  if (!exchange) return { router, pcp: false, natPmp: false };
  try {
    const [pcp, natPmp] = mappingProtocols;
    const pcpState = await pcp.look(exchange);
    const natPmpState = await natPmp.look(exchange);
    return {
      router,
      pcp: pcpState?.kind === "state",
      natPmp: natPmpState?.kind === "state",
      upnp: upnp ? (await new Upnp().find(exchange)) !== undefined : undefined,
      externalAddress: natPmpState?.kind === "state" ? natPmpState.externalAddress : undefined,
    };
  } finally {
    exchange.close();
  }
}
