// Accepts the connection whose first packet it reads from stdin, and prints the data that arrives on it.
//
//   cat packet.json | QHOST=127.0.0.1:4433 node examples/accepter/accepter.ts
import { createInterface } from "node:readline";
import { developmentCertificate } from "quicpipe/gateway";
import { Peer, createIdentity } from "quicpipe/peer";
import { requireEnvironment } from "../environment.ts";

const { QHOST } = requireEnvironment("QHOST");
const { TOKEN } = process.env;

const { packet } = JSON.parse(await firstLine()) as { packet: string };

const peer = await Peer.bind({
  relay: `https://${QHOST}`,
  relayCa: (await developmentCertificate()).cert,
  // A relay with AUTH=none asks for none.
  ...(TOKEN && { token: TOKEN }),
  identity: await createIdentity({ name: "accepter" }),
  alpn: "EXAMPLE",
});
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.on(signal, () => void peer.close().finally(() => process.exit(0)));

// The pin of the dialer's key is unknown here. If you have it, pass it as `pin` instead.
const connection = await peer.accept([Buffer.from(packet, "base64")], { trust: "insecure" });
try {
  for await (const stream of connection.incomingBidirectionalStreams)
    for await (const text of stream.readable.pipeThrough(new TextDecoderStream())) process.stdout.write(text);
} catch (error) {
  console.error(`the dialer is gone: ${String(error)}`);
}
await peer.close();

async function firstLine(): Promise<string> {
  for await (const line of createInterface({ input: process.stdin })) return line;
  console.error("stdin holds no packet: give the line that the dialer prints");
  process.exit(2);
}
