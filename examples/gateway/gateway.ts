// An HTTP/3 app of one's own that is a relay too.
//
//   node examples/gateway/gateway.ts
//
// PORT=4433 is the public UDP port; AUTH=none serves peers without tokens, such as examples/dialer.
import { H3 } from "h3";
import { quicpipe } from "quicpipe";
import { Budget, developmentCertificate, serveHttp2, serveHttp3 } from "quicpipe/gateway";

const app = new H3().get("/", () => "This app is a relay as well.\n");

const { certificate, privateKey } = await developmentCertificate();
// What a client may hold counts together, over whatever it comes.
const tls = { key: privateKey, cert: certificate, budget: new Budget() };
const gateway = await serveHttp3(app, {
  ...tls,
  sourceOf: (address, clientPort) => relay.sourceOf(address, clientPort),
});

const relay = quicpipe({
  port: Number(process.env["PORT"] ?? 4433),
  upstream: { port: gateway.port },
  ...(process.env["AUTH"] === "none" ? { auth: "none" } : {}),
});
app.use(relay);
const { port } = await relay.listen();
// Browsers come by TCP first; this tells them of HTTP/3, and serves the console at /relay.
const http2 = await serveHttp2(app, { ...tls, port });
console.log(`listening on 127.0.0.1:${port} (UDP, and TCP for browsers)`);

for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, stop);

async function stop(): Promise<void> {
  const { relayed, backend } = relay.stats();
  // First the gateway: its last words to the clients go through the relay.
  await gateway.close();
  await http2.close();
  await relay.close({ graceMs: 0 });
  console.log(`relayed ${relayed.packets} packets, ${relayed.bytes} bytes (${backend})`);
  process.exit(0);
}
