import { readFileSync } from "node:fs";
import { H3, serve } from "h3";
import { describe, expect, onTestFinished } from "vitest";
import type { QuicpipeOptions, Relay } from "../../../src/plugin/index.ts";
import { startBrowser } from "../harness/http/browser.ts";
import { testCertificate } from "../harness/certificate.ts";
import { startHttp2 } from "../harness/gateway.ts";
import { DatagramProxy } from "../harness/network/datagram-proxy.ts";
import { commonPort } from "../harness/network/ports.ts";
import { talk } from "../harness/peers.ts";
import { createRelay } from "../harness/relay.ts";
import { backends, itWith } from "../harness/requirement.ts";
import { secret } from "../harness/token.ts";
import { startWebTransportServer, type WebTransportServer } from "../harness/foreign/webtransport-server.ts";

/** A relay with a WebTransport server as its gateway, and its routes over TCP. */
interface Setup {
  readonly relay: Relay;
  readonly port: number;
  readonly server: WebTransportServer;
}

async function setUp(options: QuicpipeOptions): Promise<Setup> {
  const server = await startWebTransportServer();
  const port = await commonPort();
  const relay = createRelay({ port, auth: { secret }, upstream: { port: server.port }, ...options });
  await relay.listen();
  await startHttp2(new H3().use(relay), { port });
  return { relay, port, server };
}

/** What the steps of page.html came to, by their names. */
type Results = Readonly<Record<string, unknown>>;

/** Has Chromium take these steps in a session with `https://ORIGIN PATH`. */
async function browse(
  origin: string,
  path: string,
  steps: readonly string[],
  onMove: () => Promise<void> = () => Promise.resolve(),
): Promise<Results> {
  const results = Promise.withResolvers<Results>();
  const page = readFileSync(new URL("page.html", import.meta.url), "utf8");
  const app = new H3({ silent: true })
    .get("/", () => new Response(page, { headers: { "content-type": "text/html" } }))
    .post("/move", async () => (await onMove(), ""))
    .post("/results", async ({ req }) => (results.resolve((await req.json()) as Results), ""));
  const pages = serve(app, { port: 0, hostname: "127.0.0.1", silent: true });
  onTestFinished(() => pages.close(true));
  await pages.ready();
  const { certificate } = await testCertificate();
  const query = new URLSearchParams({ url: `https://${origin}${path}`, steps: steps.join(",") });
  const browser = startBrowser(origin, certificate, `${pages.url}?${query}`);
  const ended = browser.exited.then((status) => {
    throw new Error(`Chromium ended (${status}):\n${browser.stderr()}`);
  });
  return await Promise.race([results.promise, ended]);
}

const streams = { bidirectional: true, unidirectional: "one way", datagram: "datagram" };

const itHere = itWith("chromium", "go-1.26");

describe.each(backends())("a WebTransport session of Chromium through a relay on %s", (backend) => {
  const forwarder = { backend };

  itHere("has streams, datagrams and close codes, beside relayed peers", async () => {
    const { relay, port, server } = await setUp({ forwarder });
    const steps = ["bidirectional", "unidirectional", "datagram", "close"];
    const [results, heard] = await Promise.all([browse(`127.0.0.1:${port}`, "/echo", steps), talk(port)]);
    expect(results).toEqual({ ...streams, close: { closeCode: 7, reason: "bye" } });
    expect(heard).toBe("hello");
    await server.child.prints(/^\/echo closed with 7 bye$/m);
    // The server sees a virtual address, which is that of this client alone.
    const [, address, virtualPort] = await server.child.prints(/^\/echo from (127\.\d+\.\d+\.\d+):(\d+)$/m);
    expect(address).not.toBe("127.0.0.1");
    expect(relay.sourceOf(address!, Number(virtualPort))).toMatchObject({ address: "127.0.0.1" });
  });

  itHere("learns the code with which the server breaks off a stream", async () => {
    const { port } = await setUp({ forwarder });
    expect(await browse(`127.0.0.1:${port}`, "/reset", ["reset"])).toEqual({ reset: 42 });
  });

  itHere("goes on from another port", async () => {
    const { port } = await setUp({ forwarder });
    const nat = await DatagramProxy.open(port);
    const steps = ["bidirectional", "move", "datagram"];
    const ports = [nat.publicPort];
    const results = await browse(`127.0.0.1:${nat.port}`, "/echo", steps, async () => {
      await nat.rebind();
      ports.push(nat.publicPort);
    });
    expect(results).toEqual({ bidirectional: true, move: true, datagram: "datagram" });
    expect(new Set(ports).size).toBe(2);
  });

  itHere("works over IPv6", async () => {
    const { port } = await setUp({ forwarder, host: "::1" });
    const steps = ["bidirectional", "unidirectional", "datagram"];
    expect(await browse(`[::1]:${port}`, "/echo", steps)).toEqual(streams);
  });
});
