import { H3, serve } from "h3";
import { expect, it, onTestFinished } from "vitest";
import { checkNetwork } from "../../../../src/peer/index.ts";
import { quicpipe } from "../../../../src/plugin/index.ts";
import { testCertificate } from "../../harness/certificate.ts";
import { startPeerRelay } from "../../harness/peers.ts";
import { tokenFor } from "../../harness/token.ts";

it("a check of the network leaves no registration at the relay", async () => {
  const { port, relay } = await startPeerRelay();
  const { certificate } = await testCertificate();
  const report = await checkNetwork({
    relay: `https://127.0.0.1:${port}`,
    relayCa: certificate,
    token: await tokenFor("alice"),
  });
  expect(report.ipv4).toMatchObject({ isBehindNat: false, keepsPort: true, mapping: "none" });
  expect(relay.stats().registrations).toBe(0);
});

it("a check of the network asks a relay in an app without TLS for its UDP address", async () => {
  const relay = quicpipe({ host: "127.0.0.1", port: 0, auth: "none", logger: false });
  const server = serve(new H3().use(relay), { port: 0, hostname: "127.0.0.1", silent: true });
  onTestFinished(async () => {
    await relay.close();
    await server.close(true);
  });
  await server.ready();
  const report = await checkNetwork({ relay: server.url! });
  expect(report.ipv4).toMatchObject({ isBehindNat: false, keepsPort: true, mapping: "none" });
});

it("a check of the network refuses what is no option of its own", async () => {
  const options = { relay: "https://127.0.0.1:9", port: 1 };
  await expect(checkNetwork(options)).rejects.toMatchObject({ code: "ERR_QUICPIPE_OPTION_INVALID" });
});
