import { H3, serve } from "h3";
import { describe, expect, it, onTestFinished } from "vitest";
import { Peer, type PeerOptions } from "../../../src/peer/index.ts";
import { quicpipe, type Relay } from "../../../src/plugin/index.ts";
import { DatagramProxy } from "../harness/network/datagram-proxy.ts";
import { bindPeer, codeOf, nextConnection, startPeerRelay, testIdentities } from "../harness/peers.ts";
import { startRelay } from "../harness/relay.ts";
import { secret } from "../harness/token.ts";
import { openSocket } from "../harness/udp-peer.ts";

type Fetch = (request: Request) => Response | Promise<Response>;

/** Notes the requests that pass, with their status, without the IDs and but for those that wait or clean up. */
class Requests {
  readonly list: string[] = [];

  note({ method, url }: Request, status: number): void {
    const name = `${method} ${new URL(url).pathname.replace(/[\w-]{22}/, "{id}")}`;
    if (method === "POST") this.list.push(`${name}: ${status}`);
  }

  clear(): string[] {
    return this.list.splice(0);
  }
}

/** An ordinary app over HTTP/1.1 on loopback, with a relay in it whose UDP socket is bound to `host`. */
async function serveApp(
  wrap: (fetch: Fetch) => Fetch = (fetch) => fetch,
  host = "127.0.0.1",
): Promise<{ url: string; relay: Relay; requests: Requests }> {
  const relay = quicpipe({ host, port: 0, auth: "none", logger: false });
  const plain = new H3().use(relay);
  const forward = wrap((request) => plain.fetch(request));
  const requests = new Requests();
  const app = new H3().all("/**", async ({ req }) => {
    const answer = await forward(req);
    requests.note(req, answer.status);
    return answer;
  });
  const server = serve(app, { port: 0, hostname: "127.0.0.1", silent: true });
  onTestFinished(async () => {
    await relay.close({ graceMs: 0 });
    await server.close(true);
  });
  await server.ready();
  return { url: server.url!, relay, requests };
}

async function bind(relay: string, options: Partial<PeerOptions> = {}): Promise<Peer> {
  const peer = await Peer.bind({ relay, trust: "insecure", ...options });
  onTestFinished(() => peer.close());
  return peer;
}

/** A relay of before: it does not know the member `register`. */
function older(fetch: Fetch): Fetch {
  return async (request) => {
    if (request.method !== "POST") return await fetch(request);
    const { register: _unknown, ...body } = (await request.json()) as Record<string, unknown>;
    const { url, method, headers } = request;
    return await fetch(new Request(url, { method, headers: without(headers), body: JSON.stringify(body) }));
  };
}

function without(headers: Headers): Headers {
  const left = new Headers(headers);
  left.delete("content-length");
  return left;
}

const send = "POST /v1/mailbox/anonymous: 201";
const take = "POST /v1/messages/{id}/take: 200";
const register = "POST /v1/register: 200";

describe("a dial by name", () => {
  it("takes one request of the dialer and one of the accepter, each with its registration", async () => {
    const { url, relay, requests } = await serveApp();
    const [accepter, dialer] = [await bind(url), await bind(url)];
    const accepting = nextConnection(accepter);
    await dialer.dial("anonymous");
    await accepting;
    expect(requests.list).toEqual([send, take]);
    expect(relay.stats().registrations).toBe(2);
  });

  it("has the dialer prove its address at once, and the accepter before its first packet, where HTTP does not", async () => {
    const app = await serveApp((fetch) => async (request) => {
      // The dialer has heard nothing of the accepter then.
      if (request.url.endsWith("/take"))
        await expect.poll(() => app.relay.stats().stun.answered, { timeout: 5000 }).toBe(1);
      return await fetch(request);
    });
    const [accepter, dialer] = [await bind(app.url), await bind(app.url)];
    const accepting = nextConnection(accepter);
    await dialer.dial("anonymous");
    await accepting;
    expect(app.relay.stats()).toMatchObject({
      stun: { answered: 2 },
      dropped: { "no-address": 0, "source-unregistered": 0 },
    });
  });

  it("needs no STUN over HTTP/3, which proves the address", async () => {
    const app = new H3();
    const requests = new Requests();
    app.use(async ({ req }, next) => {
      const answer = (await next()) as Response;
      requests.note(req, answer.status);
      return answer;
    });
    const { port, relay } = await startRelay({ auth: { secret } }, app);
    const { alice: a, bob: b } = await testIdentities();
    const bob = await bindPeer(port, "bob", { trust: [a.pin] });
    const alice = await bindPeer(port, "alice");
    const accepting = nextConnection(bob);
    await alice.dial("bob", { pin: b.pin });
    await accepting;
    expect(requests.list).toEqual(["POST /v1/mailbox/bob: 201", take]);
    expect(relay.stats().stun.answered).toBe(0);
  });

  it("registers apart at an older relay, which is found out once", async () => {
    const { url, requests } = await serveApp(older);
    const [accepter, dialer] = [await bind(url), await bind(url)];
    const connect = async (): Promise<string[]> => {
      const accepting = nextConnection(accepter);
      await dialer.dial("anonymous");
      await accepting;
      return requests.clear().toSorted();
    };
    const refusedTake = "POST /v1/messages/{id}/take: 404";
    expect(await connect()).toEqual([send, take, refusedTake, register, register]);
    expect(await connect()).toEqual([send, take, register, register]);
  });

  it("leaves neither message nor registration where no STUN gets through", async () => {
    const silent = await openSocket();
    const bound = `127.0.0.1:${silent.address().port}`;
    const { url, relay, requests } = await serveApp((fetch) => async (request) => {
      const answer = await fetch(request);
      if (request.method !== "POST") return answer;
      const { registration, ...body } = (await answer.json()) as { registration: object };
      return Response.json({ ...body, registration: { ...registration, bound } }, { status: answer.status });
    });
    const dialer = await bind(url);
    const dialing = dialer.dial("anonymous", { timeoutMs: 500 });
    expect(await codeOf(dialing)).toBe("ERR_QUICPIPE_DIAL_TIMEOUT");
    expect(requests.list).toEqual([send]);
    const nothing = { registrations: 0, mailbox: { queued: 0, recalled: 1 } };
    await expect.poll(() => relay.stats()).toMatchObject(nothing);
  });

  it("leaves neither where the relay's UDP socket cannot be reached", async () => {
    const { url, relay, requests } = await serveApp(undefined, "::1");
    const dialer = await bind(url, { host: "0.0.0.0" });
    expect(await codeOf(dialer.dial("anonymous"))).toBe("ERR_QUICPIPE_RELAY_UNREACHABLE");
    expect(requests.list).toEqual([send]);
    await expect.poll(() => relay.stats()).toMatchObject({ registrations: 0, mailbox: { queued: 0 } });
  });

  it("leaves no registration where the answer is lost", async () => {
    const never = Promise.withResolvers<never>();
    let sent = 0;
    const { url, relay } = await serveApp((fetch) => async (request) => {
      const answer = await fetch(request);
      if (!request.url.includes("/v1/mailbox/")) return answer;
      sent = relay.stats().registrations;
      return await never.promise;
    });
    const dialer = await bind(url, { requestTimeoutMs: 300 });
    expect(await codeOf(dialer.dial("anonymous"))).toBe("ERR_QUICPIPE_RELAY_UNREACHABLE");
    expect(sent).toBe(1);
    await expect.poll(() => relay.stats().registrations).toBe(0);
  });

  it("gets to a relay that was replaced since the dial before", async () => {
    const { alice: a, bob: b } = await testIdentities();
    const first = await startPeerRelay();
    const proxy = await DatagramProxy.open(first.port);
    const alice = await bindPeer(proxy.port, "alice");
    expect(await codeOf(alice.dial("bob", { pin: b.pin, timeoutMs: 300 }))).toBe("ERR_QUICPIPE_DIAL_TIMEOUT");
    const second = await startPeerRelay();
    proxy.relayPort = second.port;
    const bob = await bindPeer(second.port, "bob", { trust: [a.pin] });
    const accepting = nextConnection(bob);
    await alice.dial("bob", { pin: b.pin });
    expect((await accepting).remoteName).toBe("alice");
  });
});
