import type { Target } from "../attack.ts";
import { Registrant } from "../honest/registrant.ts";

/**
 * Opens a peer that the relay forwards to; `undefined` if the relay refuses it. The caller closes it with
 * {@link closePeer}. @param num connection IDs.
 */
export async function openPeer(
  target: Target,
  subject: string,
  address: string,
  num?: number,
): Promise<Registrant | undefined> {
  const peer = await Registrant.open(target, subject, address, () => undefined);
  if (await peer.register(num)) {
    if (await peer.renew()) return peer;
    await peer.leave();
  }
  peer.close();
  return undefined;
}

/** Ends the registration as well: it would count when the attack runs again. */
export async function closePeer(peer: Registrant): Promise<void> {
  await peer.leave();
  peer.close();
}
