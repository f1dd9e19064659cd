// Dials "bob" once, has a word sent back, and prints how long each took, as JSON.
import { Peer } from "../../../../src/peer/index.ts";
import { peerOptions, trustFromEnvironment } from "./environment.ts";

const peer = await Peer.bind(peerOptions());
const startMs = performance.now();
const connection = await peer.dial("bob", { trust: trustFromEnvironment(), timeoutMs: 60_000 });
const { readable, writable } = await connection.createBidirectionalStream();
await new Blob(["hello"]).stream().pipeTo(writable);
const text = await new Response(readable).text();
process.stdout.write(`${JSON.stringify({ text, ms: performance.now() - startMs })}\n`);
await peer.close();
