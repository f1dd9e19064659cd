// Accepts one connection, reads one stream to its end and prints how many bytes came, as JSON.
import { Peer } from "../../../../src/peer/index.ts";
import { peerOptions, trustFromEnvironment } from "./environment.ts";

const peer = await Peer.bind({ ...peerOptions(), trust: trustFromEnvironment() });
process.stdout.write("listening\n");
for await (const connection of peer) {
  const { value: readable } = await connection.incomingUnidirectionalStreams.getReader().read();
  let bytes = 0;
  for await (const chunk of readable!) bytes += chunk.length;
  process.stdout.write(`${JSON.stringify({ bytes })}\n`);
  connection.close({ closeCode: 1, reason: "received" });
  break;
}
await peer.close();
