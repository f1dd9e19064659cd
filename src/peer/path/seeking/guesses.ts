import { guessedPorts, leastGuessedPort, maxCandidates } from "../../../defaults/index.ts";
import type { Address } from "../../../wire/address.ts";
import type { CandidateList } from "../control/messages.ts";
import type { Reachability } from "./reachability.ts";

/**
 * Returns the addresses that the other side's NAT may give its socket for this one, where it counts its ports: the next 16, at the IP
 * address that a relay has seen there and that may be checked. None below port 1024, where services are.
 */
export function guessAddresses({ candidates, nat }: CandidateList, reachability: Reachability): Address[] {
  const seen = candidates.slice(0, maxCandidates).find(({ kind }) => kind === "reflexive");
  const { ports } = nat;
  if (!ports || !seen) return [];
  return Array.from({ length: guessedPorts }, (_, index) => ports.base + ports.step * (index + 1))
    .filter((port) => port >= leastGuessedPort && port <= 65_535)
    .map((port) => ({ address: seen.address.address, port }))
    .filter((address) => reachability.refuse(address) === undefined);
}
