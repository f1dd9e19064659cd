// A relay and two peers in one process, each with its addon: what a release has to do on each of its platforms.
import { once } from "node:events";
import { createServer } from "node:http";
import process from "node:process";
import { H3 } from "h3";
import { toNodeHandler } from "h3/node";
import { mintDevelopmentToken, quicpipe } from "quicpipe";
import { createIdentity, Peer } from "quicpipe/peer";

const size = 1_000_000;
const relay = quicpipe({ host: "127.0.0.1", port: 0, logger: false });
await relay.listen();
// The gateway's HTTP/3 server has no binary for musl.
const server = createServer(toNodeHandler(new H3().use(relay)));
await once(server.listen(0, "127.0.0.1"), "listening");

const bind = async (sub) =>
  Peer.bind({
    relay: `http://localhost:${server.address().port}`,
    token: await mintDevelopmentToken({ sub }),
    identity: await createIdentity({ name: sub }),
    trust: "insecure",
  });
const [alice, bob] = await Promise.all([bind("alice"), bind("bob")]);
const accepted = bob[Symbol.asyncIterator]().next();
const connection = await alice.dial("bob");
const theirs = (await accepted).value;
void (async () => {
  for await (const { readable, writable } of theirs.incomingBidirectionalStreams)
    await readable.pipeTo(writable);
})().catch(() => undefined);
const { readable, writable } = await connection.createBidirectionalStream();
const sent = new Blob([new Uint8Array(size).fill(7)]).stream().pipeTo(writable);
let echoed = 0;
for await (const chunk of readable) echoed += chunk.every((byte) => byte === 7) ? chunk.length : Number.NaN;
await sent;

const { glibcVersionRuntime } = process.report.getReport().header;
const { backend, relayed } = relay.stats();
const { platform, arch, version } = process;
console.log(
  JSON.stringify({ platform, arch, version, glibc: glibcVersionRuntime ?? null, backend, relayed, echoed }),
);
process.exit(echoed === size ? 0 : 1);
