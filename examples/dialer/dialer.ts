// Dials a peer without the relay's mailbox: prints the first packet of the connection as one line of JSON for you to
// carry to the accepter, then says hello every second.
//
//   AUTH=none node examples/gateway/gateway.ts
//   QHOST=127.0.0.1:4433 node examples/dialer/dialer.ts
import { setInterval } from "node:timers/promises";
import { developmentCertificate } from "quicpipe/gateway";
import { Peer, createIdentity } from "quicpipe/peer";
import { requireEnvironment } from "../environment.ts";

const { QHOST } = requireEnvironment("QHOST");
const { TOKEN } = process.env;

const peer = await Peer.bind({
  relay: `https://${QHOST}`,
  relayCa: (await developmentCertificate()).cert,
  // A relay with AUTH=none asks for none.
  ...(TOKEN && { token: TOKEN }),
  identity: await createIdentity({ name: "dialer" }),
  alpn: "EXAMPLE",
});
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.on(signal, () => void peer.close().finally(() => process.exit(0)));

const connection = await peer.dial(
  {
    async deliver([packet]) {
      console.error("add the following line to packet.json");
      console.log(JSON.stringify({ packet: Buffer.from(packet!).toString("base64") }));
    },
  },
  // The pin of the accepter's key is unknown here. If you have it, pass it as `pin` instead.
  { trust: "insecure", timeoutMs: 600_000 },
);
const stream = await connection.createBidirectionalStream();
const writer = stream.writable.getWriter();
for await (const _ of setInterval(1000)) await writer.write(new TextEncoder().encode("hello\n"));
