// Accepts connections from a trusted peer and prints the text that arrives on them.
//
//   RELAY=https://127.0.0.1:4433 RELAY_CA=… TOKEN=… IDENTITY=… PIN=… node examples/hello/accepter.ts
import { readFileSync } from "node:fs";
import { Peer, loadIdentity, type Connection } from "quicpipe/peer";
import { requireEnvironment } from "../environment.ts";

const names = ["RELAY", "RELAY_CA", "TOKEN", "IDENTITY", "PIN"] as const;
const { RELAY, RELAY_CA, TOKEN, IDENTITY, PIN } = requireEnvironment(...names);

const peer = await Peer.bind({
  relay: RELAY,
  relayCa: readFileSync(RELAY_CA, "utf8"),
  token: TOKEN,
  identity: loadIdentity(readFileSync(IDENTITY, "utf8")),
  trust: [PIN],
});
let isEnding = false;
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.on(signal, () => {
    isEnding = true;
    void peer.close();
  });
console.log("waiting for a peer");

for await (const connection of peer)
  listen(connection).catch((error: Error) => {
    if (!isEnding) console.log(`${connection.remoteName} is gone: ${error.message}`);
  });

async function listen(connection: Connection): Promise<void> {
  console.log(`${connection.remoteName} connected`);
  for await (const stream of connection.incomingUnidirectionalStreams)
    for await (const text of stream.pipeThrough(new TextDecoderStream())) process.stdout.write(text);
}
