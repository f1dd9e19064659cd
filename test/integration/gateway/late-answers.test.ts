import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { serveHttp3 } from "../../../src/gateway/index.ts";
import { projectPath, startChild } from "../harness/child.ts";
import { testCertificate } from "../harness/relay.ts";

/** Has the event loop hear of nothing for so long, in ms. */
function stall(ms: number): void {
  const endsAtMs = performance.now() + ms;
  while (performance.now() < endsAtMs);
}

it("an answer that comes when its client has gone reaches nobody, though the next one has its number", async () => {
  const { privateKey: key, certificate } = await testCertificate();
  const answer = Promise.withResolvers<Response>();
  const fetch = ({ url }: Request): Promise<Response> =>
    url.endsWith("/first") ? answer.promise : new Promise(() => undefined);
  const gateway = await serveHttp3({ fetch }, { key, cert: certificate, logger: false });
  onTestFinished(() => gateway.close());
  const folder = mkdtempSync(join(tmpdir(), "quicpipe-late-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "certificate.pem"), certificate);
  const program = projectPath("test/integration/gateway/programs/next-client.ts");
  const args = [program, String(gateway.port), join(folder, "certificate.pem")];
  const clients = startChild(process.execPath, args);
  await clients.prints(/asked/);
  // The first client goes, and the second one comes and asks.
  stall(1000);
  answer.resolve(new Response("for the first client alone"));
  expect((await clients.prints(/answer: (.*)\n/))[1]).toBe("");
});
