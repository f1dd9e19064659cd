import { formatAddress, isLoopbackHost } from "../../wire/address.ts";
import { tcpRemedies } from "../http/http.ts";
import type { PeerSettings } from "../options.ts";

const remedies = {
  ...tcpRemedies,
  loopback:
    "check that it runs; a relay in an app without an HTTP/3 server is reached by the app's http: URL, such as http://localhost:3000",
  elsewhere: "check its address and that UDP gets through",
} as const;

/**
 * Returns a clause about a relay that does not answer, and what to do.
 *
 * @param addresses those that were tried.
 * @param waited how long, such as ` within 3 s`; empty if that does not matter.
 */
export function silenceOf(
  { transport, relayHost, relay }: Pick<PeerSettings, "transport" | "relayHost" | "relay">,
  addresses: readonly string[],
  waited = "",
): string {
  const tried = addresses.map((address) => formatAddress({ address, port: relay.port }));
  const place = isLoopbackHost(relayHost) ? "loopback" : "elsewhere";
  return `no answer from ${tried.join(", ")}${waited}; ${remedies[transport === "http3" ? place : transport]}`;
}
