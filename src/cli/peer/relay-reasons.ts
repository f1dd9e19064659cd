import type { RelayReason } from "../../peer/index.ts";

/** What each reason for the relay means, as a clause. */
const clauses: Readonly<Record<RelayReason, string>> = {
  "no-candidates": "the other peer has told no address that may be tried",
  "udp-blocked": "a firewall at one of the peers lets UDP go to the relay alone",
  policy: "this peer is told to take no direct path, by --direct",
  "peer-policy": "the other peer takes no direct path",
  "peer-unsupported": "one of the peers knows no direct paths",
  "nat-hard-both": "both NATs have another port for each destination",
  "checks-timeout": "no address of the other peer answers",
  lossy: "the direct path loses too many packets",
  "slower-than-relay": "the direct path takes longer than the relay",
  quarantined: "the direct path has failed a moment ago, and rests",
};

/** Says why a connection takes the relay: a clause, and the reason's name in parentheses. */
export function whyRelay(reason: RelayReason): string {
  return `${clauses[reason]} (${reason})`;
}

/** Says the same of a direct path that was there. */
export function whyLost(reason: RelayReason): string {
  return reason === "checks-timeout" ? `the direct path does not answer (${reason})` : whyRelay(reason);
}
