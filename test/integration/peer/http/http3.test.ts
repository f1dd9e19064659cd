import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { H3 } from "h3";
import { describe, expect, it } from "vitest";
import { maxAnswerBytes, requestOverheadBytes } from "../../../../src/defaults/index.ts";
import { Budget } from "../../../../src/gateway/index.ts";
import { goAwayFrame, settingsStream } from "../../../../src/http3/index.ts";
import type { Http3Session } from "../../../../src/peer/http/session.ts";
import type { HttpRequest } from "../../../../src/peer/http/http.ts";
import { startHttp3 } from "../../harness/gateway.ts";
import { startRelay } from "../../harness/relay.ts";
import { DatagramProxy } from "../../harness/network/datagram-proxy.ts";
import { codeOf } from "../../harness/peers.ts";
import { openSessionTo } from "../../harness/http/http3-session.ts";
import { startScriptedServer } from "../scripted-server.ts";

const slowMs = 1500;

/** A session through a NAT to a relay that takes its time. */
async function openSession(): Promise<{
  session: Http3Session;
  proxy: DatagramProxy;
  reach: (isThere: boolean) => void;
}> {
  const app = new H3().get("/slow", async () => {
    await sleep(slowMs);
    return "at last";
  });
  const { port, certificate } = await startRelay({}, app);
  const proxy = await DatagramProxy.open(port);
  const session = await openSessionTo(proxy.port, { relayCa: certificate });
  // The handshake is over on both sides then.
  await session.request(slow({ path: "/" }));
  const reach = (isThere: boolean): void => {
    proxy.dropIn = proxy.dropOut = (): boolean => !isThere;
  };
  return { session, proxy, reach };
}

function slow(more: Partial<HttpRequest>): HttpRequest {
  const common = { method: "GET", path: "/slow", headers: {}, body: undefined, signal: undefined } as const;
  return { ...common, timeoutMs: 60_000, isIdempotent: true, ...more };
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
    // Timers of one process keep their order on a busy machine as well.
    const outcome = codeOf(session.request(slow({ timeoutMs: 20_000 })));
    const atHalfTime = sleep(10_000, "still waiting");
    expect(await Promise.race([outcome, atHalfTime])).toBe("ERR_QUICPIPE_RELAY_UNREACHABLE");
    expect(session.usable).toBe(false);
  });

  it("outlives such a silence for a request that cannot", async () => {
    const { session, reach } = await openSession();
    reach(false);
    const answer = session.request(slow({ isIdempotent: false, timeoutMs: 15_000 }));
    await sleep(slowMs);
    reach(true);
    expect((await answer).status).toBe(200);
  });

  it("takes no new request after GOAWAY", async () => {
    const { port, certificate, gateway } = await startRelay(
      {},
      new H3().get("/slow", () => "at once"),
    );
    const gone = Promise.withResolvers<void>();
    const session = await openSessionTo(port, { relayCa: certificate, onGoaway: gone.resolve });
    expect((await session.request(slow({}))).status).toBe(200);
    const closed = gateway.close();
    await gone.promise;
    expect(session.usable).toBe(false);
    // It may be made on another session, as this one has not sent it (RFC 9114 §5.2).
    const error = session.request(slow({ isIdempotent: false }));
    await expect(error).rejects.toMatchObject({
      code: "ERR_QUICPIPE_RELAY_UNREACHABLE",
      details: { sent: false },
    });
    await closed;
  });

  it("says of a request that GOAWAY leaves out that it may be made again (RFC 9114 §5.2)", async () => {
    const goAway = Buffer.concat([settingsStream({ maxFieldSectionBytes: 16_384 }), goAwayFrame(0)]);
    const { port } = await startScriptedServer((acts) => void acts.open("unidirectional", goAway));
    const session = await openSessionTo(port);
    const error = session.request(slow({ isIdempotent: false }));
    await expect(error).rejects.toMatchObject({
      code: "ERR_QUICPIPE_RELAY_UNREACHABLE",
      details: { sent: false },
    });
    expect(session.usable).toBe(false);
  });

  it("says of a request that the relay rejects unread that it may be made again (RFC 9114 §4.1.1)", async () => {
    // Room for one request at a time.
    const budget = new Budget({ maxConnectionBytes: 1.5 * requestOverheadBytes });
    const first = Promise.withResolvers<void>();
    const fetch = (): Promise<Response> => {
      first.resolve();
      return new Promise(() => undefined);
    };
    const { port } = await startHttp3({ fetch }, { budget });
    const session = await openSessionTo(port);
    void codeOf(session.request(slow({ timeoutMs: 60_000 })));
    await first.promise;
    const error = session.request(slow({ isIdempotent: false }));
    await expect(error).rejects.toMatchObject({
      code: "ERR_QUICPIPE_RELAY_UNREACHABLE",
      details: { sent: false },
    });
    expect(session.usable).toBe(true);
  });

  it("is not ended by datagrams that only look as if they were the relay's", async () => {
    const { session, proxy } = await openSession();
    const answer = session.request(slow({}));
    for (let bytes = 0; bytes < 4 * maxAnswerBytes; bytes += 1200) {
      const garbage = randomBytes(1200);
      garbage[0] = 0x40;
      proxy.inject(garbage);
      if (bytes % 120_000 === 0) await sleep(5);
    }
    expect((await answer).status).toBe(200);
    expect(session.usable).toBe(true);
  });
});
