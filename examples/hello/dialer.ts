// Says hello to the peer "bob" every second.
//
//   RELAY=https://127.0.0.1:4433 RELAY_CA=… TOKEN=… IDENTITY=… PIN=… node examples/hello/dialer.ts
import { readFileSync } from "node:fs";
import { setInterval } from "node:timers/promises";
import { Peer, loadIdentity } from "quicpipe/peer";
import { requireEnvironment } from "../environment.ts";

const names = ["RELAY", "RELAY_CA", "TOKEN", "IDENTITY", "PIN"] as const;
const { RELAY, RELAY_CA, TOKEN, IDENTITY, PIN } = requireEnvironment(...names);

const peer = await Peer.bind({
  relay: RELAY,
  relayCa: readFileSync(RELAY_CA, "utf8"),
  token: TOKEN,
  identity: loadIdentity(readFileSync(IDENTITY, "utf8")),
});
const stopped = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => stopped.abort());

const connection = await peer.dial("bob", { pin: PIN });
console.log(`connected by the ${connection.path.kind}`);
const writer = (await connection.createUnidirectionalStream()).getWriter();
try {
  await writer.write(new TextEncoder().encode("hello\n"));
  for await (const _ of setInterval(1000, undefined, { signal: stopped.signal }))
    await writer.write(new TextEncoder().encode("hello\n"));
} catch (error) {
  if (!stopped.signal.aborted) throw error;
} finally {
  await writer.close();
  await peer.close();
}
