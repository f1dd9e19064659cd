// A relay in an h3 app over HTTP/3 and HTTP/2, in a process of its own. Reports the event loop's longest turn to the
// parent each second, and answers "stats". Ends when the parent exits.
import { monitorEventLoopDelay } from "node:perf_hooks";
import { H3 } from "h3";
import { Budget } from "../../../src/gateway/budget/budget.ts";
import { createCertificate, serveHttp2, serveHttp3 } from "../../../src/gateway/index.ts";
import { quicpipe } from "../../../src/plugin/index.ts";
import type { BackendChoice } from "../../../src/forwarder/index.ts";
import type { RelayMessage } from "../relay-process.ts";

const host = "127.0.0.1";
const { BACKEND, JWKS } = process.env;

const { certificate: cert, privateKey: key } = await createCertificate({
  name: "hostile",
  hosts: ["localhost", host],
});
const app = new H3()
  .get("/", () => "This is a relay under attack.\n")
  .post("/upload", async (event) => String((await event.req.arrayBuffer()).byteLength));
const budget = new Budget();
const gateway = await serveHttp3(app, {
  budget,
  key,
  cert,
  sourceOf: (address, clientPort) => relay.sourceOf(address, clientPort),
});
const relay = quicpipe({
  host,
  port: 0,
  upstream: { port: gateway.port },
  auth: { jwks: JWKS! },
  forwarder: { backend: BACKEND as BackendChoice },
  xdp: "off",
});
app.use(relay);
const { port } = await relay.listen();
const http2 = await serveHttp2(app, { budget, key, cert, host, port });

const turns = monitorEventLoopDelay({ resolution: 1 });
turns.enable();
const tell = (message: RelayMessage): void => void process.send?.(message);
setInterval(() => {
  tell({ kind: "turn", longestTurnMs: turns.max / 1e6 });
  turns.reset();
}, 1000).unref();
process.on("message", () => tell({ kind: "stats", relay: relay.stats(), gateway: budget.stats() }));
process.once("disconnect", async () => {
  await gateway.close();
  await http2.close();
  await relay.close({ graceMs: 0 });
  process.exit(0);
});
tell({ kind: "ready", port, certificate: cert, backend: relay.stats().backend });
