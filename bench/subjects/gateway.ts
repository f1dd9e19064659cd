/**
 * An HTTP/3 server with the relay in front of it, in one process as in `examples/gateway`, with a download to try both.
 *
 *   gateway <backend>     prints both ports and the certificate as a line of JSON; exits at the end of standard input
 */
import { type Backend, createForwarder } from "../../src/forwarder/index.ts";
import { createCertificate, serveHttp3 } from "../../src/gateway/index.ts";
import { forwarderOptions } from "./forwarder.ts";

const [backend] = process.argv.slice(2);
const chunk = new Uint8Array(64 << 10);

const { certificate, privateKey } = await createCertificate({ name: "bench", hosts: ["localhost"] });
const server = await serveHttp3({ fetch: download }, { key: privateKey, cert: certificate });
const upstream = { address: "127.0.0.1", port: server.port };
const forwarder = await createForwarder(forwarderOptions(backend as Backend, upstream));
const ports = { direct: server.port, relayed: forwarder.address().port };
process.stdout.write(`${JSON.stringify({ ...ports, certificate })}\n`);
process.stdin.on("end", () => process.exit()).resume();

/** Answers with as many bytes as the path says. */
function download({ url }: Request): Response {
  let left = Number(new URL(url).pathname.slice(1));
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      controller.enqueue(chunk.subarray(0, left));
      left -= Math.min(left, chunk.length);
      if (left === 0) controller.close();
    },
  });
  return new Response(body);
}
