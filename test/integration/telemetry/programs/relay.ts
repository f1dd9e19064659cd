// A relay without authentication on HTTP/1.1, and whether anybody asked for @opentelemetry/api meanwhile.
//
//   relay.ts <"missing" or "installed"> <"on" or "off">
import { registerHooks } from "node:module";
import { H3, serve } from "h3";

const [state, telemetry] = process.argv.slice(2);
let asked = 0;

registerHooks({
  resolve(specifier, context, nextResolve) {
    if (!specifier.startsWith("@opentelemetry/")) return nextResolve(specifier, context);
    asked++;
    if (state === "installed") return nextResolve(specifier, context);
    throw Object.assign(new Error(`Cannot find package '${specifier}'`), { code: "ERR_MODULE_NOT_FOUND" });
  },
});

const { quicpipe } = await import("../../../../src/index.ts");
const relay = quicpipe({
  host: "127.0.0.1",
  port: 0,
  auth: "none",
  logger: false,
  ...(telemetry === "off" && { telemetry: false }),
});
const server = serve(new H3().use(relay), { port: 0, hostname: "127.0.0.1", silent: true });
await server.ready();
await relay.listen();
const answer = await fetch(new URL("/v1/register", server.url), {
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ key: Buffer.alloc(32, 7).toString("base64"), num: 1 }),
});
process.stdout.write(`${JSON.stringify({ asked, status: answer.status })}\n`);
await relay.close();
await server.close(true);
