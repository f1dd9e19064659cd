import { openExchange } from "./exchange.ts";
import type { PortMappingParts } from "./port-mapping.ts";
import { mappingProtocols } from "./protocols.ts";

/** What a router offers, as far as it answers. */
export interface MappingServices {
  /** IPv4 literal; `undefined` without a router, or on a system that tells none. */
  readonly router?: string | undefined;
  readonly pcp: boolean;
  readonly natPmp: boolean;
  /** Its address outside, if it tells one by NAT-PMP. */
  readonly externalAddress?: string | undefined;
}

/** Asks the router which protocols it maps ports by. Nothing is mapped. Takes a second if there are none. */
export async function findMappingServices({
  router: findRouter,
  openSocket,
}: Pick<PortMappingParts, "router" | "openSocket">): Promise<MappingServices> {
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
      externalAddress: natPmpState?.kind === "state" ? natPmpState.externalAddress : undefined,
    };
  } finally {
    exchange.close();
  }
}
