import type { Target } from "../attack.ts";
import { Registrant } from "../honest/registrant.ts";

/** A peer that the relay forwards to; `undefined` if it is refused. Whoever opened it closes it with {@link closePeer}. */
export async function openPeer(
  target: Target,
  subject: string,
  address: string,
): Promise<Registrant | undefined> {
  const peer = await Registrant.open(target, subject, address, () => undefined);
  if (await peer.register()) {
    if (await peer.renew()) return peer;
    await peer.leave();
  }
  peer.close();
  return undefined;
}

/** Leaves no registration behind: it would count when the attack comes again. */
export async function closePeer(peer: Registrant): Promise<void> {
  await peer.leave();
  peer.close();
}
