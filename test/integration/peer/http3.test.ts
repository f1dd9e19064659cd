import { setTimeout as sleep } from "node:timers/promises";
import { H3 } from "h3";
import { describe, expect, it, onTestFinished } from "vitest";
import { Http3Session } from "../../../src/peer/http3.ts";
import type { HttpRequest } from "../../../src/peer/http.ts";
import { PeerSocket } from "../../../src/peer/socket.ts";
import { startRelay } from "../harness/relay.ts";
import { DatagramProxy } from "./harness/datagram-proxy.ts";
import { codeOf } from "./harness/peers.ts";

const slowMs = 1500;

/** A session through a NAT to a relay that takes its time. */
async function openSession(): Promise<{ session: Http3Session; reach: (isThere: boolean) => void }> {
  const app = new H3().get("/slow", async () => {
    await sleep(slowMs);
    return "at last";
  });
  const { port, certificate } = await startRelay({}, app);
  const proxy = await DatagramProxy.open(port);
  const relay = { address: "127.0.0.1", port: proxy.port };
  const socket = await PeerSocket.bind({ host: "127.0.0.1", port: 0, relay });
  onTestFinished(() => socket.close());
  const session = await Http3Session.open({
    local: socket.local,
    remote: relay,
    authority: `localhost:${port}`,
    serverName: "localhost",
    ca: certificate,
    send: (datagram) => socket.send(datagram),
    onReceiver: (receive) => (socket.onHttp3 = receive),
    timeoutMs: 5000,
    signal: new AbortController().signal,
  });
  onTestFinished(() => session.close());
  const reach = (isThere: boolean): void => {
    proxy.dropIn = proxy.dropOut = (): boolean => !isThere;
  };
  return { session, reach };
}

function slow(more: Partial<HttpRequest>): HttpRequest {
  const common = { method: "GET", path: "/slow", headers: {}, body: undefined, signal: undefined } as const;
  return { ...common, timeoutMs: 5000, isIdempotent: true, ...more };
}

describe("an HTTP/3 session to the relay", () => {
  it("waits for a relay that is slow to answer", async () => {
    const { session } = await openSession();
    const { status, body } = await session.request(slow({}));
    expect([status, Buffer.from(body).toString()]).toEqual([200, "at last"]);
    expect(session.usable).toBe(true);
  });

  it("is given up soon where the relay shows no sign of life, for a request that can be repeated", async () => {
    const { session, reach } = await openSession();
    reach(false);
    const startedMs = performance.now();
    expect(await codeOf(session.request(slow({})))).toBe("ERR_QUICPIPE_RELAY_UNREACHABLE");
    expect(performance.now() - startedMs).toBeLessThan(slowMs);
    expect(session.usable).toBe(false);
  });

  it("outlives such a silence for a request that cannot", async () => {
    const { session, reach } = await openSession();
    reach(false);
    const answer = session.request(slow({ isIdempotent: false }));
    await sleep(slowMs);
    reach(true);
    expect((await answer).status).toBe(200);
  });
});
