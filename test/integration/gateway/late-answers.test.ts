import { expect, it } from "vitest";
import { certificateFiles, testCertificate } from "../harness/certificate.ts";
import { projectPath, startChild } from "../harness/child.ts";
import { startHttp3 } from "../harness/gateway.ts";

/** Has the event loop hear of nothing for so long, in ms. */
function stall(ms: number): void {
  const endsAtMs = performance.now() + ms;
  while (performance.now() < endsAtMs);
}

it("an answer that comes when its client has gone reaches no other, though the next one has its number", async () => {
  const answer = Promise.withResolvers<Response>();
  const fetch = ({ url }: Request): Promise<Response> =>
    url.endsWith("/first") ? answer.promise : new Promise(() => undefined);
  const gateway = await startHttp3({ fetch });
  const { cert } = certificateFiles(await testCertificate());
  const program = projectPath("test/integration/gateway/programs/next-client.ts");
  const args = [program, String(gateway.port), cert];
  const clients = startChild(process.execPath, args);
  await clients.prints(/asked/);
  // The first client goes, and the second one comes and asks.
  stall(1000);
  answer.resolve(new Response("for the first client alone"));
  expect((await clients.prints(/answer: (.*)\n/))[1]).toBe("");
});
