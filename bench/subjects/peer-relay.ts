/**
 * A relay for peers, with limits that no run reaches.
 *
 *   peer-relay [<address>]     prints its port, certificate and secret as a line of JSON; exits at the end of standard input
 *
 * For each line of JSON, the body of a registration as `peer`, prints the relay's answer; for `relayed`, what it has forwarded.
 */
import { randomBytes } from "node:crypto";
import { createInterface } from "node:readline";
import { H3 } from "h3";
import { createCertificate, serveHttp3 } from "../../src/gateway/index.ts";
import { quicpipe } from "../../src/plugin/index.ts";
import { signToken } from "../rig/token.ts";

const many = 1_000_000;
const host = process.argv[2] ?? "127.0.0.1";
const secret = randomBytes(32).toString("hex");
const { certificate, privateKey } = await createCertificate({
  name: "bench",
  hosts: ["localhost", host],
});
const app = new H3();
const gateway = await serveHttp3(app, {
  key: privateKey,
  cert: certificate,
  sourceOf: (address, port) => relay.sourceOf(address, port),
});
const relay = quicpipe({
  host,
  port: 0,
  upstream: { port: gateway.port },
  auth: { secret },
  forwarder: { backend: "native" },
  limits: {
    bytesPerSecond: 1e12,
    requestsPerMinute: many,
    // As much for the one subject as there is in all.
    maxRegistrationsPerSubject: 100_000,
    maxCidsPerSubject: 1_000_000,
    maxMessagesPerSender: 10_000,
    maxMessageBytesPerSender: 12_000_000,
    maxMessagesPerRecipient: 10_000,
    maxMessageBytesPerRecipient: 12_000_000,
  },
  logger: false,
});
app.use(relay);
const { port } = await relay.listen();
process.stdout.write(`${JSON.stringify({ port, certificate, secret })}\n`);
const headers = {
  authorization: `Bearer ${await signToken(secret, "peer")}`,
  "content-type": "application/json",
};
async function register(body: string): Promise<string> {
  const request = new Request("https://localhost/v1/register", { method: "POST", headers, body });
  return await (await app.fetch(request)).text();
}

for await (const line of createInterface(process.stdin)) {
  const answer = line === "relayed" ? JSON.stringify(relay.stats().relayed) : await register(line);
  process.stdout.write(`${answer}\n`);
}
process.exit();
