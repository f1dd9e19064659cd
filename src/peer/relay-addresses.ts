import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import * as defaults from "../defaults/index.ts";
import { QuicpipeError } from "../errors.ts";

/**
 * Looks up the current addresses of the relay's host name, in the order of the system (RFC 6724).
 *
 * @throws ERR_QUICPIPE_RELAY_UNREACHABLE if it has none.
 */
export async function lookUpRelay(host: string): Promise<readonly string[]> {
  if (isIP(host) !== 0) return [host];
  try {
    const found = await lookup(host, { all: true, order: "verbatim" });
    return found.map(({ address }) => address);
  } catch (cause) {
    throw new QuicpipeError(
      "ERR_QUICPIPE_RELAY_UNREACHABLE",
      `the relay's host name ${host} has no address: check the name and the network`,
      { cause, details: { host } },
    );
  }
}

/**
 * Returns addresses in the order in which to try them: alternating families (RFC 8305 §4), beginning with the address
 * in use if the name still has it. Each occurs once, and there are at most `defaults.maxRelayAddresses`.
 */
export function orderAddresses(addresses: readonly string[], inUse: string | undefined): string[] {
  const distinct = [...new Set(addresses)].sort((a, b) => Number(b === inUse) - Number(a === inUse));
  const [first] = distinct;
  if (first === undefined) return [];
  const [same, other] = [true, false].map((isSame) =>
    distinct.filter((each) => (isIP(each) === isIP(first)) === isSame),
  ) as [string[], string[]];
  return same
    .flatMap((address, i) => [address, ...other.slice(i, i + 1)])
    .concat(other.slice(same.length))
    .slice(0, defaults.maxRelayAddresses);
}
