// The part that both peers have: a setting first, then questions, each with an answer. A peer ends with its parent.
import { once } from "node:events";
import { loadIdentity, Peer } from "../../../../src/peer/index.ts";
import type { PeerSetting } from "../peer-process.ts";

/** Binds a peer as the parent says. */
export async function bindPeer(): Promise<Peer> {
  process.once("disconnect", () => process.exit());
  const [setting] = (await once(process, "message")) as [PeerSetting];
  const { relay, relayCa, token, identity, trusted, unjudged } = setting;
  return await Peer.bind({
    relay,
    relayCa,
    token,
    identity: loadIdentity(identity),
    trust: (_name, pin) => (unjudged.includes(pin) ? new Promise(() => undefined) : trusted.includes(pin)),
  });
}

/** Tells the parent that the peer is ready, and answers from then on. */
export function answer(answers: Readonly<Record<string, () => unknown>>): void {
  process.on("message", async (question: string) => process.send!(await answers[question]!()));
  process.send!("ready");
}
