/**
 * A relay as the app of an HTTP/3 server, with limits that no run reaches, and a plain route beside it.
 *
 *   control     prints its port, certificate and secret as a line of JSON; exits at the end of standard input
 *
 * `POST /plain` reads a body of JSON and answers with the member `answer` of it.
 */
import { randomBytes } from "node:crypto";
import { H3, readBody } from "h3";
import { createCertificate, serve } from "../../src/gateway/index.ts";
import { quicpipe } from "../../src/plugin/index.ts";

const many = 1_000_000;
const secret = randomBytes(32).toString("hex");
const { certificate, privateKey } = await createCertificate({ name: "bench", hosts: ["localhost"] });
const relay = quicpipe({
  host: "127.0.0.1",
  port: 0,
  auth: { secret },
  forwarder: { backend: "native" },
  limits: {
    requestsPerMinute: many,
    // As much for the one subject as there is in all.
    maxRegistrationsPerSubject: 100_000,
    maxCidsPerSubject: 1_000_000,
  },
  logger: false,
});
const app = new H3().use(relay).post("/plain", async (event) => {
  const { answer } = (await readBody<{ answer: unknown }>(event))!;
  return answer;
});
const served = await serve(app, {
  relay,
  tls: { key: privateKey, cert: certificate },
  tcp: false,
  connectionsPerSecond: many,
});
process.stdout.write(`${JSON.stringify({ port: served.address.port, certificate, secret })}\n`);
process.stdin.on("end", () => process.exit()).resume();
