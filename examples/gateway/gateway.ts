// An HTTP/3 app that is also a relay.
//
//   node examples/gateway/gateway.ts
//
// PORT=4433 is the public UDP port; AUTH=none serves peers without tokens, such as examples/dialer.
import { H3 } from "h3";
import { quicpipe } from "quicpipe";
import { Budget, developmentCertificate, serveHttp2, serveHttp3 } from "quicpipe/gateway";

const app = new H3().get("/", () => "This app is a relay as well.\n");

const { certificate, privateKey } = await developmentCertificate();
// One budget for both servers: what a client holds counts together over HTTP/2 and HTTP/3.
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
// Browsers connect by TCP first. This server points them to HTTP/3 and serves the console at /relay.
const http2 = await serveHttp2(app, { ...tls, port });
console.log(`listening on 127.0.0.1:${port} (UDP, and TCP for browsers)`);

for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, stop);

async function stop(): Promise<void> {
  const { relayed, backend } = relay.stats();
  // The gateway first: its closing packets to the clients pass through the relay.
  await gateway.close();
  await http2.close();
  await relay.close({ graceMs: 0 });
  console.log(`relayed ${relayed.packets} packets, ${relayed.bytes} bytes (${backend})`);
  process.exit(0);
}
