// A relay in an h3 app, as a process of its own. Ends when its stdin does.
import { H3 } from "h3";
import { serveHttp3 } from "../../../../src/gateway/index.ts";
import { quicpipe } from "../../../../src/plugin/index.ts";

const { KEY, CERT, SECRET, PORT, HOST, STUN_PORT } = process.env;
const app = new H3();
const gateway = await serveHttp3(app, {
  key: KEY!,
  cert: CERT!,
  sourceOf: (address, clientPort) => relay.sourceOf(address, clientPort),
});
const relay = quicpipe({
  host: HOST ?? "127.0.0.1",
  port: Number(PORT ?? 0),
  ...(STUN_PORT && { stunPort: Number(STUN_PORT) }),
  upstream: { port: gateway.port },
  auth: { secret: SECRET! },
  logger: false,
});
app.use(relay);
const { port } = await relay.listen();
process.stdout.write(`listening on ${port}\n`);
process.stdin.resume().on("end", () => {
  process.stdout.write(`${JSON.stringify({ stats: relay.stats(), cpu: process.cpuUsage() })}\n`);
  process.exit(0);
});
