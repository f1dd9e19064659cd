import { createSocket } from "node:dgram";
import { once } from "node:events";
import { H3 } from "h3";
import { describe, expect, it, onTestFinished } from "vitest";
import { visitHttp3, visitTcp } from "../../../scripts/hostile/honest/visitor.ts";
import { createCertificate, serve, type ServedRelay } from "../../../src/gateway/index.ts";
import { Peer } from "../../../src/peer/index.ts";
import { testCertificate } from "../harness/certificate.ts";
import { openRawHttp3 } from "../harness/gateway.ts";
import { openHttp1 } from "../harness/http/http1-client.ts";
import { commonPort, takePort } from "../harness/network/ports.ts";
import { createRelay } from "../harness/relay.ts";

it("serves an app and its relay at one port number, over UDP and TCP, until it is closed", async () => {
  const { privateKey: key, certificate: cert } = await testCertificate();
  const relay = createRelay({ port: await commonPort(), auth: "none" });
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
  const relay = createRelay({ upstream: { port: 9 }, auth: "none" });
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
  const relay = createRelay({ port: await commonPort(), auth: "none" });
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
  const relay = createRelay({ port: await commonPort(), auth: "none" });
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

/** A relay that keeps what it is told. */
class FakeRelay implements ServedRelay {
  readonly told: string[] = [];
  upstream: Promise<{ readonly port: number }> | undefined;
  readonly #listen: () => ReturnType<ServedRelay["listen"]>;

  constructor(listen: () => ReturnType<ServedRelay["listen"]>) {
    this.#listen = listen;
  }

  listen({ upstream }: Parameters<ServedRelay["listen"]>[0]): ReturnType<ServedRelay["listen"]> {
    this.upstream = upstream;
    return this.#listen();
  }

  sourceOf(): undefined {
    return undefined;
  }

  drain(): void {
    this.told.push("drain");
  }

  async close(): Promise<void> {
    this.told.push("close");
  }
}

async function isFree(port: number): Promise<boolean> {
  const socket = createSocket("udp4").bind(port, "127.0.0.1");
  try {
    await once(socket, "listening");
    return true;
  } catch {
    return false;
  } finally {
    socket.close();
  }
}

/** Waits until the UDP port of the HTTP/3 server is free. The library's thread closes it a moment after it says so. */
async function expectClosed({ upstream }: FakeRelay): Promise<void> {
  const { port } = (await upstream)!;
  await expect.poll(() => isFree(port)).toBe(true);
}

describe("what serve() has opened already is closed", () => {
  const fault = new Error("no relay");
  const failures: Readonly<Record<string, () => ReturnType<ServedRelay["listen"]>>> = {
    throws: () => {
      throw fault;
    },
    rejects: () => Promise.reject(fault),
  };

  it.each(Object.entries(failures))("where the relay's listen() %s", async (_, listen) => {
    const { privateKey: key, certificate: cert } = await testCertificate();
    const relay = new FakeRelay(listen);
    const serving = serve(new H3(), { relay, tls: { key, cert }, logger: false });
    await expect(serving).rejects.toBe(fault);
    await expectClosed(relay);
    expect(relay.told).toEqual([]);
  });

  it("where the TCP port is taken", async () => {
    const { privateKey: key, certificate: cert } = await testCertificate();
    const { port } = await takePort();
    const relay = new FakeRelay(async () => ({ address: "127.0.0.1", port }));
    const serving = serve(new H3(), { relay, tls: { key, cert }, logger: false });
    await expect(serving).rejects.toMatchObject({ code: "ERR_QUICPIPE_LISTEN_FAILED" });
    await expectClosed(relay);
    expect(relay.told).toEqual(["close"]);
  });
});

it("has the relay end its waits before it closes", async () => {
  const { privateKey: key, certificate: cert } = await testCertificate();
  const relay = new FakeRelay(async () => ({ address: "127.0.0.1", port: 0 }));
  {
    await using served = await serve(new H3(), { relay, tls: { key, cert }, logger: false });
    expect(served.stats().sources).toBe(0);
  }
  expect(relay.told).toEqual(["drain", "close"]);
});

it.each(["maxConnections", "connectionsPerSecond", "windowBytes"])(
  "passes on %s, which is a whole number from 1",
  async (option) => {
    const { privateKey: key, certificate: cert } = await testCertificate();
    const relay = new FakeRelay(async () => ({ address: "127.0.0.1", port: 0 }));
    const serving = serve(new H3(), { relay, tls: { key, cert }, logger: false, [option]: 0 });
    await expect(serving).rejects.toMatchObject({
      code: "ERR_QUICPIPE_OPTION_INVALID",
      details: { option },
    });
  },
);

async function serveOne(tcp: boolean) {
  const { privateKey: key, certificate: cert } = await testCertificate();
  const relay = createRelay({ port: await commonPort(), auth: "none" });
  const app = new H3().use(relay).get("/", () => "an app");
  const served = await serve(app, { relay, tls: { key, cert }, tcp, maxConnections: 1, logger: false });
  onTestFinished(() => served.close());
  const target = { host: "127.0.0.1", port: served.address.port, certificate: cert };
  return { served, target: { ...target, token: () => Promise.resolve("") } };
}

describe("maxConnections of serve()", () => {
  it("limits the connections over TCP", async () => {
    const { served, target } = await serveOne(true);
    const { socket } = await openHttp1(target);
    await expect(openHttp1(target)).rejects.toThrow();
    expect(socket.destroyed).toBe(false);
    expect(served.stats().refused).toEqual({ connections: 1 });
  });

  it("limits the connections over UDP", async () => {
    const { served, target } = await serveOne(false);
    const [first, second] = [await openRawHttp3(target), await openRawHttp3(target)];
    await second.closed;
    expect(first.isClosed).toBe(false);
    expect(served.stats().refused).toEqual({ connections: 1 });
  });
});
