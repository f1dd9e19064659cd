import { H3 } from "h3";
import { expect, it, onTestFinished } from "vitest";
import { visitHttp3, visitTcp } from "../../../scripts/hostile/honest/visitor.ts";
import { createCertificate, serve } from "../../../src/gateway/index.ts";
import { Peer } from "../../../src/peer/index.ts";
import { quicpipe } from "../../../src/plugin/index.ts";
import { testCertificate } from "../harness/relay.ts";

it("serves an app and its relay at one port number, over UDP and TCP, until it is closed", async () => {
  const { privateKey: key, certificate: cert } = await testCertificate();
  const relay = quicpipe({ host: "127.0.0.1", port: 0, auth: "none", logger: false });
  const app = new H3().use(relay).get("/", () => "an app");
  const served = await serve(app, { relay, tls: { key, cert }, logger: false });
  const { port } = served.address;
  const target = { host: "127.0.0.1", port, certificate: cert, token: () => Promise.resolve("") };
  expect(await visitHttp3(target, "127.0.0.1")).toBeGreaterThan(0);
  expect(await visitTcp(target, "127.0.0.1")).toBeGreaterThan(0);
  const peer = await Peer.bind({ relay: `https://127.0.0.1:${port}`, relayCa: cert, trust: "insecure" });
  onTestFinished(() => peer.close());
  await expect(peer.dial("anonymous", { timeoutMs: 500 })).rejects.toMatchObject({
    code: "ERR_QUICPIPE_DIAL_TIMEOUT",
  });
  expect(relay.stats().gateway.clients).toBeGreaterThan(0);
  await Promise.all([served.close(), served.close()]);
  expect(() => relay.address()).toThrow(expect.objectContaining({ code: "ERR_QUICPIPE_CLOSED" }));
  expect(await visitTcp(target, "127.0.0.1")).toBeUndefined();
  await expect(relay.listen()).rejects.toMatchObject({ code: "ERR_QUICPIPE_CLOSED" });
});

it("names an upstream once, and leaves a relay as it was that has one", async () => {
  const { privateKey: key, certificate: cert } = await testCertificate();
  const relay = quicpipe({ host: "127.0.0.1", port: 0, upstream: { port: 9 }, auth: "none", logger: false });
  onTestFinished(() => relay.close());
  const { port } = await relay.listen();
  const tls = { key, cert };
  await expect(serve(new H3().use(relay), { relay, tls, logger: false })).rejects.toMatchObject({
    code: "ERR_QUICPIPE_OPTION_INVALID",
    details: { option: "upstream" },
  });
  expect(relay.address().port).toBe(port);
});

it("has a request wait that comes while it opens", async () => {
  const { privateKey: key, certificate: cert } = await testCertificate();
  const relay = quicpipe({ host: "127.0.0.1", port: 0, auth: "none", logger: false });
  const app = new H3().use(relay);
  const serving = serve(app, { relay, tls: { key, cert }, logger: false });
  const { status } = await app.fetch(new Request("http://localhost/v1/openapi.json"));
  const served = await serving;
  onTestFinished(() => served.close());
  expect(status).toBe(200);
  expect(served.address).toEqual(relay.address());
});

it("closes what it has opened where the certificate does not fit", async () => {
  const [{ privateKey: key }, { certificate: cert }] = await Promise.all([
    createCertificate({ name: "a", hosts: ["a"] }),
    testCertificate(),
  ]);
  const relay = quicpipe({ host: "127.0.0.1", port: 0, auth: "none", logger: false });
  await expect(
    serve(new H3().use(relay), { relay, tls: { key, cert }, logger: false }),
  ).rejects.toMatchObject({
    code: "ERR_QUICPIPE_OPTION_INVALID",
  });
  // The relay never opened, and may be served with another one.
  const { certificate, privateKey } = await testCertificate();
  const served = await serve(new H3().use(relay), {
    relay,
    tls: { key: privateKey, cert: certificate },
    logger: false,
  });
  await served.close();
});
