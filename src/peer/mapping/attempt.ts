import type { GrantedMapping, MappingReason } from "./answers.ts";
import type { RouterExchange } from "./exchange.ts";
import type { Mapping, MappingProtocol } from "./protocols.ts";

/** What came of an attempt to get a mapping. */
export type AttemptResult =
  | { readonly protocol: MappingProtocol; readonly granted: GrantedMapping }
  | { readonly reason: MappingReason };

/**
 * Asks for a mapping by each protocol until the router knows one. An attempt that is
 * aborted sends the router after it that the mapping is not needed, as its request may have arrived.
 */
export async function askForMapping(
  exchange: RouterExchange,
  mapping: Mapping,
  protocols: readonly MappingProtocol[],
  signal: AbortSignal,
): Promise<AttemptResult> {
  for (const protocol of protocols) {
    if (signal.aborted) break;
    const answer = await protocol.map(exchange, mapping, signal);
    if (answer?.kind === "granted") return { protocol, granted: answer };
    if (answer?.kind === "refused") return { reason: answer.reason };
    // No time for an answer to it.
    if (!answer && signal.aborted) void protocol.unmap(exchange, mapping);
  }
  return { reason: "no-answer" };
}
