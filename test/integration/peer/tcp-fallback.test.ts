import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createSecureServer, type Http2ServerRequest } from "node:http2";
import { createServer } from "node:https";
import { H3 } from "h3";
import { toNodeHandler } from "h3/node";
import { describe, expect, it, onTestFinished } from "vitest";
import { createCertificate } from "../../../src/gateway/index.ts";
import { checkNetwork, type NetworkReport, Peer, pinOf } from "../../../src/peer/index.ts";
import type { QuicpipeOptions, Relay } from "../../../src/plugin/index.ts";
import { testCertificate } from "../harness/certificate.ts";
import { startHttp2, startHttp3 } from "../harness/gateway.ts";
import { commonPort } from "../harness/network/ports.ts";
import { bindPeer, codeOf, talk, testIdentities } from "../harness/peers.ts";
import { createRelay } from "../harness/relay.ts";
import { itWith } from "../harness/requirement.ts";
import { secret, tokenFor } from "../harness/token.ts";
import { startWebTransportServer } from "../harness/foreign/webtransport-server.ts";

/** A relay whose routes come over TCP alone, at the number of its UDP port. */
async function startTcpRelay(
  options: QuicpipeOptions = {},
): Promise<{ readonly relay: Relay; readonly port: number }> {
  const port = await commonPort();
  const relay = createRelay({ port, auth: { secret }, ...options });
  await relay.listen();
  await startHttp2(new H3().use(relay), { port });
  return { relay, port };
}

/** The same behind a real HTTP/3 server that answers 404 to every ordinary request. */
async function startBehind404(): Promise<{ readonly relay: Relay; readonly port: number }> {
  const { port } = await startWebTransportServer();
  return await startTcpRelay({ upstream: { port } });
}

/** Serves an app over one version of HTTP, and notes the versions of requests. */
async function startServer(version: string, port: number, app: H3, versions: Set<string>): Promise<void> {
  const { certificate: cert, privateKey: key } = await testCertificate();
  const handle = toNodeHandler(app);
  const onRequest = (request: IncomingMessage | Http2ServerRequest, response: ServerResponse): void => {
    versions.add(request.httpVersion);
    void handle(request as IncomingMessage, response);
  };
  const listener = onRequest as (request: unknown, response: unknown) => void;
  const server =
    version === "HTTP/2"
      ? createSecureServer({ cert, key }, listener)
      : createServer({ cert, key }, listener);
  onTestFinished(() => void server.close());
  await once(server.listen(port, "127.0.0.1"), "listening");
}

async function errorAt(port: number): Promise<unknown> {
  const peer = await bindPeer(port, "alice", { requestTimeoutMs: 5000 });
  return await peer.dial("bob", { pin: (await testIdentities()).bob.pin }).catch((error: unknown) => error);
}

async function check(port: number): Promise<NetworkReport> {
  const { certificate } = await testCertificate();
  const relay = `https://127.0.0.1:${port}`;
  return await checkNetwork({ relay, relayCa: certificate, token: await tokenFor("alice") });
}

describe("a peer whose relay has its routes over TCP alone", () => {
  itWith("go-1.26")("talks to another where HTTP/3 answers 404, and proves its address by STUN", async () => {
    const { relay, port } = await startBehind404();
    expect(await talk(port)).toBe("hello");
    const { registrations, gateway } = relay.stats();
    expect(registrations).toBe(2);
    // HTTP/3 was tried, and answered.
    expect(gateway.packetsOut).toBeGreaterThan(0);
    expect((await check(port)).ipv4).toMatchObject({ http3: "not-found", isBehindNat: false });
  });

  it("talks to another where there is no HTTP/3, and proves its address by STUN", async () => {
    const { relay, port } = await startTcpRelay();
    expect(await talk(port)).toBe("hello");
    expect(relay.stats().registrations).toBe(2);
    expect((await check(port)).ipv4).toMatchObject({ http3: "unavailable", isBehindNat: false });
  });

  it.each(["HTTP/2", "HTTP/1.1"])("talks to another over a server of %s alone", async (version) => {
    const port = await commonPort();
    const relay = createRelay({ port, auth: { secret } });
    const versions = new Set<string>();
    await relay.listen();
    await startServer(version, port, new H3().use(relay), versions);
    expect(await talk(port)).toBe("hello");
    expect(versions).toEqual(new Set([version === "HTTP/2" ? "2.0" : "1.1"]));
  });

  it("is told that its token is refused, as over HTTP/3, also when the connection has ended since", async () => {
    const port = await commonPort();
    const relay = createRelay({ port, auth: { secret } });
    await relay.listen();
    const app = new H3().use(relay);
    const first = await startHttp2(app, { port });
    const peer = await bindPeer(port, "alice", { token: "no token" });
    const refusal = async (): Promise<unknown> => await codeOf(peer.dial("bob", { pin: peer.pin }));
    expect(await refusal()).toBe("ERR_QUICPIPE_TOKEN_INVALID");
    await first.close();
    await startHttp2(app, { port });
    expect(await refusal()).toBe("ERR_QUICPIPE_TOKEN_INVALID");
  });

  it("finds out by a check of the network that no UDP gets through", async () => {
    const port = await commonPort();
    const relay = createRelay({ auth: { secret } });
    await relay.listen();
    await startHttp2(new H3().use(relay), { port });
    expect((await check(port)).ipv4).toMatchObject({
      kind: "udp-blocked",
      problem: expect.stringMatching(/^it answers over TCP, but nothing comes back by UDP: a firewall/),
    });
    expect(relay.stats().registrations).toBe(0);
  });
});

describe("a server over TCP at the port of a relay whose HTTP/3 is silent", () => {
  it("gets no token where it is no relay", async () => {
    const tokens: (string | null)[] = [];
    const app = new H3().all("/**", ({ req }) => {
      tokens.push(req.headers.get("authorization"));
      return new Response("nothing here", { status: 404 });
    });
    const { port } = await startHttp2(app);
    expect(await errorAt(port)).toMatchObject({ message: expect.stringContaining("no answer from") });
    expect(tokens.length).toBeGreaterThan(0);
    expect(new Set(tokens)).toEqual(new Set([null]));
  });

  it("gets no request at all of a peer that has only a pin of the relay's key, which Node's TLS would not check", async () => {
    const requests: string[] = [];
    const app = new H3().all("/**", ({ url }) => void requests.push(url.pathname));
    const another = await createCertificate({ name: "another", hosts: ["127.0.0.1"] });
    for (const { certificate: cert, privateKey: key } of [await testCertificate(), another]) {
      const { port } = await startHttp2(app, { cert, key });
      const relayCa = pinOf((await testCertificate()).certificate);
      const peer = await bindPeer(port, "alice", { relayCa, requestTimeoutMs: 5000 });
      const dial = peer.dial("bob", { pin: (await testIdentities()).bob.pin });
      expect(await codeOf(dial)).toBe("ERR_QUICPIPE_RELAY_UNREACHABLE");
    }
    expect(requests).toEqual([]);
  });

  it("gets no request at all where its certificate is another's", async () => {
    let requests = 0;
    const another = await createCertificate({ name: "another", hosts: ["127.0.0.1"] });
    const app = new H3().all("/**", () => void requests++);
    const { port } = await startHttp2(app, { cert: another.certificate, key: another.privateKey });
    expect(await errorAt(port)).toMatchObject({ code: "ERR_QUICPIPE_RELAY_UNREACHABLE" });
    expect(requests).toBe(0);
  });
});

describe("an HTTP/3 server with a certificate that is not trusted", () => {
  it("sends no peer to TCP, where the certificate would be the right one", async () => {
    const another = await createCertificate({ name: "another", hosts: ["127.0.0.1"] });
    const { certificate: cert, privateKey: key } = another;
    const http3 = await startHttp3(new H3(), { cert, key });
    const { relay, port } = await startTcpRelay({ upstream: { port: http3.port } });
    const { certificate } = await testCertificate();
    const peer = await Peer.bind({
      relay: `https://127.0.0.1:${port}`,
      relayCa: certificate,
      token: await tokenFor("alice"),
    });
    onTestFinished(() => peer.close());
    const dial = peer.dial("bob", { pin: (await testIdentities()).bob.pin });
    await expect(dial).rejects.toMatchObject({ details: { untrusted: true } });
    expect(relay.stats().registrations).toBe(0);
  });
});
