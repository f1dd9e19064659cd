import { createSocket, type Socket } from "node:dgram";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import type { H3 } from "h3";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Relay } from "../../../src/index.ts";
import { call, type RelayApp, serveRelay } from "../harness/relay-app.ts";
import { secret } from "../harness/token.ts";

type Probe = readonly [status: number, body: unknown];

async function probe({ url }: Pick<RelayApp, "url">, path: string): Promise<Probe> {
  const response = await fetch(url + path);
  return [response.status, await response.json()];
}

const ok: Probe = [200, { status: "ok" }];

function unavailable(...reasons: string[]): Probe {
  return [503, { status: "unavailable", reasons }];
}

/** Collects the UDP sockets that this process opens until the test ends. */
function watchSockets(): Socket[] {
  const sockets: Socket[] = [];
  const add = (message: unknown): void => void sockets.push((message as { socket: Socket }).socket);
  subscribe("udp.socket", add);
  onTestFinished(() => void unsubscribe("udp.socket", add));
  return sockets;
}

/** Takes a UDP port. */
async function takePort(): Promise<{ readonly port: number; free(): Promise<void> }> {
  const socket = createSocket("udp4").bind({ port: 0, address: "127.0.0.1", exclusive: true });
  await once(socket, "listening");
  const { port } = socket.address();
  const free = async (): Promise<void> => void (await once(socket.close(), "close"));
  return { port, free };
}

function useRelay(app: H3, relay: Relay): void {
  app.use(relay);
}

function registerRelay(app: H3, { plugin }: Relay): void {
  app.register(plugin);
}

function useWithOwnProbe(app: H3, relay: Relay): void {
  app.use(relay).get("/healthz", () => ({ status: "the app's" }));
}

describe("GET /healthz and /readyz", () => {
  it.each([
    ["middleware", useRelay],
    ["routes", registerRelay],
  ])("need no token and are not stored: as %s", async (_, mount) => {
    const app = await serveRelay({ auth: { secret } }, { mount });
    for (const path of ["/v1/healthz", "/v1/readyz"]) {
      const { status, headers, body } = await call("GET", app.url + path);
      expect([status, body]).toEqual(ok);
      expect(headers.get("cache-control")).toBe("no-store");
      expect((await call("HEAD", app.url + path)).text).toBe("");
      expect((await call("POST", app.url + path)).status).toBe(405);
    }
    expect(app.relay.stats().refused).toEqual({ ERR_QUICPIPE_METHOD_NOT_ALLOWED: 2 });
  });

  it("open the relay as any request does", async () => {
    const app = await serveRelay({ auth: "none" }, { listen: false });
    expect(await probe(app, "/v1/readyz")).toEqual(ok);
    expect(app.relay.address().port).toBeGreaterThan(0);
  });

  it("say of a relay that drains that it lives, and takes nobody new", async () => {
    const app = await serveRelay({ auth: "none" });
    app.relay.drain();
    expect(await probe(app, "/v1/readyz")).toEqual(unavailable("draining"));
    expect(await probe(app, "/v1/healthz")).toEqual(ok);
  });

  it("say of a relay that is closed that it lives, and takes nobody new", async () => {
    const app = await serveRelay({ auth: "none" });
    await app.relay.close();
    expect(await probe(app, "/v1/readyz")).toEqual(unavailable("closed"));
    expect(await probe(app, "/v1/healthz")).toEqual(ok);
  });

  it("call for a restart where the socket cannot be opened", async () => {
    const { port, free } = await takePort();
    onTestFinished(free);
    const app = await serveRelay({ auth: "none", port }, { listen: false });
    expect(await probe(app, "/v1/readyz")).toEqual(unavailable("socket-lost"));
    expect(await probe(app, "/v1/healthz")).toEqual(unavailable("socket-lost"));
  });

  it("call for a restart where the socket has failed, until something comes through it", async () => {
    const sockets = watchSockets();
    const app = await serveRelay({ auth: "none", forwarder: { backend: "dgram" } });
    const { address, port } = app.relay.address();
    const socket = sockets.find((each) => each.address().port === port)!;
    socket.emit("error", Object.assign(new Error("recvmsg EBADF"), { code: "EBADF" }));
    expect(await probe(app, "/v1/readyz")).toEqual(unavailable("socket-lost"));
    expect(await probe(app, "/v1/healthz")).toEqual(unavailable("socket-lost"));
    const stranger = createSocket("udp4");
    onTestFinished(() => void stranger.close());
    stranger.send("anything", port, address);
    await expect.poll(() => probe(app, "/v1/readyz")).toEqual(ok);
  });

  it("name all reasons", async () => {
    const sockets = watchSockets();
    const app = await serveRelay({ auth: "none", forwarder: { backend: "dgram" } });
    const { port } = app.relay.address();
    sockets.find((each) => each.address().port === port)!.emit("error", new Error("recvmsg"));
    app.relay.drain();
    expect(await probe(app, "/v1/readyz")).toEqual(unavailable("draining", "socket-lost"));
  });
});

describe("the paths of the probes", () => {
  it("are below /v1, and leave those at the root to the app", async () => {
    const app = await serveRelay({ auth: "none" }, { mount: useWithOwnProbe });
    expect(await probe(app, "/healthz")).toEqual([200, { status: "the app's" }]);
    expect((await probe(app, "/readyz"))[0]).toBe(404);
  });

  it("may be at the root, and are below the base path", async () => {
    const root = await serveRelay({ auth: "none", health: { path: "" } });
    expect(await probe(root, "/healthz")).toEqual(ok);
    const below = await serveRelay({ auth: "none", basePath: "/relay", health: { path: "/probes" } });
    expect(await probe(below, "/relay/probes/readyz")).toEqual(ok);
  });

  it("are the app's with health: false", async () => {
    const app = await serveRelay({ auth: "none", health: false });
    expect((await probe(app, "/v1/healthz"))[0]).toBe(404);
    expect(app.relay.stats().refused).toEqual({});
  });
});
