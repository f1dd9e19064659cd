// Dials "bob" and sends BYTES zero bytes on one stream; ends when the other peer has closed.
import { Peer } from "../../../../src/peer/index.ts";
import { peerOptions, trustFromEnvironment } from "./environment.ts";

const peer = await Peer.bind(peerOptions());
const connection = await peer.dial("bob", { trust: trustFromEnvironment() });
const writer = (await connection.createUnidirectionalStream()).getWriter();
const chunk = new Uint8Array(65_536);
for (let left = Number(process.env["BYTES"]); left > 0; left -= chunk.length)
  await writer.write(chunk.subarray(0, Math.min(left, chunk.length)));
await writer.close();
const { closeCode, reason } = await connection.closed;
process.stdout.write(
  `${JSON.stringify({ closeCode, reason, stats: await connection.getStats(), cpu: process.cpuUsage() })}\n`,
);
await peer.close();
