import { PathLab } from "../../rig/path/lab.ts";
import { connectRust } from "../../rig/path/rust.ts";
import type { PeerPair } from "../../rig/peers.ts";
import { needsRustPeer } from "../../rig/requirement.ts";
import { compareStreams } from "../../rig/transfer.ts";
import type { Row } from "../../row.ts";

async function connectPeers(lab: PathLab, direct: "auto" | "never"): Promise<PeerPair> {
  const { alice: dialer, bob: accepter } = await lab.start(direct, "subjects/peer.ts");
  await Promise.all([accepter.ask("accepted"), dialer.ask("dial")]);
  if (direct === "auto") await Promise.all([accepter.ask("direct"), dialer.ask("direct")]);
  return { kind: "peer", dialer, accepter };
}

function streamRow(
  name: string,
  about: string,
  controlName: string,
  connectControl: (lab: PathLab) => Promise<PeerPair>,
): Row {
  return {
    name,
    about,
    async run(run) {
      await using lab = await PathLab.open("bare cables");
      const sides = { control: await connectControl(lab), subject: await connectPeers(lab, "auto") };
      return await compareStreams(name, controlName, sides, lab.content, run);
    },
  };
}

export const directStreamRows: readonly Row[] = [
  streamRow(
    "path/direct-stream",
    "one stream between two peers on a direct path, against peers on a native relay",
    "on the relay",
    (lab) => connectPeers(lab, "never"),
  ),
  needsRustPeer(
    streamRow(
      "path/direct-stream-of-rust",
      "the same against the same engine without JavaScript and relay",
      "Rust alone",
      connectRust,
    ),
  ),
];
