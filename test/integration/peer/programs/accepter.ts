// Accepts connections and sends back what comes, until its stdin ends; says when it does and what goes wrong.
import { Peer } from "../../../../src/peer/index.ts";
import { peerOptions, trustFromEnvironment } from "./environment.ts";

const peer = await Peer.bind({ ...peerOptions(), trust: trustFromEnvironment() });
process.stdout.write(`listening\n`);
process.stdin.resume().on("end", () => void peer.close());
for await (const connection of peer) {
  process.stdout.write(`connected to ${connection.remoteName}\n`);
  void (async () => {
    for await (const { readable, writable } of connection.incomingBidirectionalStreams)
      readable.pipeTo(writable).catch(() => undefined);
  })().catch(() => undefined);
}
