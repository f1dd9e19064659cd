// An HTTP/3 app of one's own that is a relay too.
//
//   node examples/gateway/gateway.ts
//
// PORT=4433 is the public UDP port; AUTH=none serves peers without tokens, such as examples/dialer.
import { H3 } from "h3";
import { quicpipe } from "quicpipe";
import { developmentCertificate, serveHttp3 } from "quicpipe/gateway";

const app = new H3().get("/", () => "This app is a relay as well.\n");

const { certificate, privateKey } = await developmentCertificate();
const gateway = await serveHttp3(app, { key: privateKey, cert: certificate });

const relay = quicpipe({
  port: Number(process.env["PORT"] ?? 4433),
  upstream: { port: gateway.port },
  ...(process.env["AUTH"] === "none" ? { auth: "none" } : {}),
});
app.use(relay);
await relay.listen();
console.log(`listening on 127.0.0.1:${relay.address().port} (UDP)`);

for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, stop);

async function stop(): Promise<void> {
  const { relayed, backend } = relay.stats();
  await relay.close({ graceMs: 0 });
  await gateway.close();
  console.log(`relayed ${relayed.packets} packets, ${relayed.bytes} bytes (${backend})`);
  process.exit(0);
}
