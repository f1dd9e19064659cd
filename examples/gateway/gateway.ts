// An HTTP/3 app that is also a relay.
//
//   node examples/gateway/gateway.ts
//
// PORT=4433 is the public UDP port; AUTH=none serves peers without tokens, such as examples/dialer.
import { H3 } from "h3";
import { quicpipe } from "quicpipe";
import { developmentCertificate, serve } from "quicpipe/gateway";

const relay = quicpipe({
  port: Number(process.env["PORT"] ?? 4433),
  ...(process.env["AUTH"] === "none" ? { auth: "none" } : {}),
});
const app = new H3().use(relay).get("/", () => "This app is a relay as well.\n");

// Browsers connect by TCP first, to the same port number. They find HTTP/3 there, and the console at /relay.
const served = await serve(app, { relay, tls: await developmentCertificate() });
console.log(`listening on 127.0.0.1:${served.address.port} (UDP, and TCP for browsers)`);

for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, stop);

async function stop(): Promise<void> {
  const { relayed, backend } = relay.stats();
  await served.close();
  console.log(`relayed ${relayed.packets} packets, ${relayed.bytes} bytes (${backend})`);
  process.exit(0);
}
