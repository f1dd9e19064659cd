// Dials "bob", sends bytes on a stream without end and reads what comes back. To be killed.
import { Peer } from "../../../../src/peer/index.ts";
import { peerOptions, trustFromEnvironment } from "./environment.ts";

// The shorter of both idle timeouts counts, so bob knows soon.
const peer = await Peer.bind({ ...peerOptions(), idleTimeoutMs: 2000 });
const connection = await peer.dial("bob", { trust: trustFromEnvironment(), timeoutMs: 2000 });
const { readable, writable } = await connection.createBidirectionalStream();
const echoed = readable.getReader();
void (async () => {
  const writer = writable.getWriter();
  for (const chunk = new Uint8Array(16_384); ;) await writer.write(chunk);
})();
await echoed.read();
process.stdout.write("streaming\n");
while (!(await echoed.read()).done);
