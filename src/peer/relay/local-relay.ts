import { isIPv4 } from "node:net";
import { QuicpipeError } from "../../errors.ts";
import { interfaceAddresses } from "../../interface-addresses.ts";
import type { RegisterResponse } from "../../protocol.ts";
import { type Address, isLoopback, isWildcard, parseAddress } from "../../wire/address.ts";
import type { PeerSocket } from "../socket.ts";

/**
 * Returns the UDP address of a relay on this machine from its answer to a registration: where its socket is bound, or for one
 * bound to all addresses, and for an older relay that tells only its public address, the first of its URL's `addresses`.
 *
 * @throws ERR_QUICPIPE_RELAY_REFUSED if the answer has no such address.
 * @throws ERR_QUICPIPE_RELAY_UNREACHABLE if the socket cannot send to it, as its family is another.
 */
export function localRelay(
  { relay, bound = relay }: Pick<RegisterResponse, "relay" | "bound">,
  addresses: readonly string[],
  socket: Pick<PeerSocket, "reaches" | "local">,
): Address {
  const { address: boundAddress, port } = requireAddress(bound);
  const candidates = isOfThisMachine(boundAddress)
    ? [boundAddress]
    : addresses.filter((each) => isIPv4(each) || boundAddress !== "0.0.0.0");
  const address = candidates.find((each) => socket.reaches(each));
  if (address !== undefined) return { address, port };
  const own = socket.local.address;
  throw new QuicpipeError(
    "ERR_QUICPIPE_RELAY_UNREACHABLE",
    `the relay's UDP socket is at ${bound}, which cannot be reached from ${own}: give the peer another host, such as "::"`,
    { details: { relay: bound, host: own } },
  );
}

/** A relay's answer must not turn this peer's packets against another machine. */
function isOfThisMachine(address: string): boolean {
  if (isWildcard(address)) return false;
  return isLoopback(address) || interfaceAddresses().includes(address);
}

function requireAddress(text: string): Address {
  const address = parseAddress(text);
  if (address && address.port > 0) return address;
  throw new QuicpipeError(
    "ERR_QUICPIPE_RELAY_REFUSED",
    `the relay tells ${JSON.stringify(text)} as its UDP address, which is no address and port: is a quicpipe relay there?`,
  );
}
