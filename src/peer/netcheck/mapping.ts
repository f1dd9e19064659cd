import { isQuicpipeError } from "../../errors.ts";
import { type Address, plainIp, sameAddress } from "../../wire/address.ts";
import type { StunCredential } from "../../wire/stun-binding.ts";
import { judgeNat } from "../nat/report.ts";
import type { PeerSettings } from "../options.ts";
import { StunClient } from "../relay/stun-client.ts";
import type { PeerSocket } from "../socket.ts";
import { pause } from "../time/pause.ts";

/**
 * What a NAT makes of a port (RFC 4787 §4.1), as far as one relay can tell: `"none"` without a NAT; the same port for all
 * destinations, or another for each: by its second port the next ones (`"sequential"`) or any (`"random"`), by its second address
 * one or the other (`"endpoint-dependent"`); `"unknown"` where neither answers, or the relay has neither.
 */
export type MappingKind =
  | "none"
  | "endpoint-independent"
  | "endpoint-dependent"
  | "sequential"
  | "random"
  | "unknown";

/** A socket's public address, as the relay's two ports see it. */
export interface Mappings {
  readonly seen: Address;
  /** `undefined` where there is no second port, or no answer of it. */
  readonly second: Address | undefined;
}

/** Time for an answer from another address of the relay's, in ms: one that is no address of this relay may not answer. */
const otherAnswerMs = 2000;

/**
 * Tells what a NAT makes of a socket's port, by the relay's two ports, and by another address of the relay, which is asked. The
 * worse of the two counts.
 */
export async function mappingKind(
  settings: PeerSettings,
  socket: PeerSocket,
  credential: StunCredential,
  { seen, second }: Mappings,
): Promise<MappingKind> {
  const byPort = second ? judgeNat(seen, second).kind : "unknown";
  if (byPort === "sequential" || byPort === "random") return byPort;
  const byAddress = await kindByAddress(settings, socket, credential, seen);
  return byAddress === "unknown" ? byPort : byAddress;
}

async function kindByAddress(
  { addresses }: PeerSettings,
  socket: PeerSocket,
  credential: StunCredential,
  seen: Address,
): Promise<MappingKind> {
  const { address: asked, port } = socket.relay;
  const other = addresses.find((each) => plainIp(each) !== plainIp(asked));
  if (other === undefined) return "unknown";
  const path = socket.pathTo({ address: other, port });
  const stun = new StunClient((datagram) => path.send(datagram));
  socket.onStun = (datagram) => stun.receive(datagram);
  try {
    const silence = pause(otherAnswerMs, new AbortController().signal);
    const again = await Promise.race([stun.bind(credential), silence.then(() => undefined)]);
    if (!again) return "unknown";
    return sameAddress(again, seen) ? "endpoint-independent" : "endpoint-dependent";
  } catch (error) {
    // Another relay of the same name does not know the registration.
    if (isQuicpipeError(error)) return "unknown";
    throw error;
  } finally {
    stun.close();
    path.close();
  }
}
