import { randomBytes } from "node:crypto";
import { createIdentity } from "../../../src/peer/index.ts";
import type { Child } from "../machine/child.ts";
import { buildRustPeer } from "../native/program.ts";
import type { PeerPair } from "../peers.ts";
import { publicAddresses } from "./internet.ts";
import type { PathLab } from "./lab.ts";
import type { Place } from "./wire.ts";

/** Any that is free in a namespace without a NAT. */
const port = 40_000;

/** Connects two peers in Rust by the bare cable between them: each takes the other for its relay. */
export async function connectRust(lab: PathLab): Promise<PeerPair> {
  const start = async (role: "dialer" | "accepter", place: Place, other: Place): Promise<Child> => {
    const [own, far] = [place, other].map((each) => `${publicAddresses[each]}:${port}`);
    const identity = lab.share((await createIdentity({ name: role })).pem);
    const file = lab.share(lab.content);
    const key = randomBytes(32).toString("hex");
    return lab.internet.hosts[place].start([buildRustPeer(), role, far!, own!, key, identity, file]);
  };
  const accepter = await start("accepter", "bob", "alice");
  const dialer = await start("dialer", "alice", "bob");
  accepter.tell(`begin ${await dialer.hear()}`);
  await Promise.all([accepter.hear(), dialer.hear()]);
  return { kind: "rust", accepter, dialer };
}
