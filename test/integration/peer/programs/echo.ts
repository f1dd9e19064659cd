// Accepts connections, says what happens to their paths, and sends back what comes, until its stdin ends.
import { type Connection, Peer } from "../../../../src/peer/index.ts";
import { peerOptions, trustFromEnvironment } from "./environment.ts";
import { tell, tellPaths } from "./telling.ts";

const peer = await Peer.bind({ ...peerOptions(), trust: trustFromEnvironment() });
tell({ event: "listening" });
process.stdin.resume().on("end", () => void peer.close().then(() => process.exit(0)));
for await (const connection of peer) {
  void tellPaths(connection);
  void echo(connection).catch(() => undefined);
}

async function echo({ incomingBidirectionalStreams }: Connection): Promise<void> {
  for await (const { readable, writable } of incomingBidirectionalStreams)
    readable.pipeTo(writable).catch((error: unknown) => tell({ event: "failed", message: String(error) }));
}
