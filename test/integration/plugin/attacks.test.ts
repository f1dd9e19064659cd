import { setTimeout as sleep } from "node:timers/promises";
import { H3 } from "h3";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Attack, Target } from "../../../scripts/hostile/attack.ts";
import { forgedTokens } from "../../../scripts/hostile/attacks/forged-tokens.ts";
import { greedyPeer } from "../../../scripts/hostile/attacks/greedy-peer.ts";
import { Http2Requests } from "../../../scripts/hostile/clients/http2-requests.ts";
import { serveHttp2 } from "../../../src/gateway/index.ts";
import { quicpipe, type QuicpipeOptions, type Relay } from "../../../src/index.ts";
import { testCertificate } from "../harness/relay.ts";
import { startIssuer } from "./issuer.ts";
import { initialPacket, secret, secretToken } from "./relay-app.ts";

interface Attacked {
  readonly relay: Relay;
  readonly target: Target;
}

/** A relay that is served over HTTP/2; all of it is closed when the test ends. */
async function serveAttacked(options: QuicpipeOptions, token: Target["token"]): Promise<Attacked> {
  const tls = await testCertificate();
  const app = new H3();
  const relay = quicpipe({ host: "127.0.0.1", port: 0, logger: false, ...options });
  app.use(relay);
  const { port } = await relay.listen();
  const server = await serveHttp2(app, {
    key: tls.privateKey,
    cert: tls.certificate,
    host: "127.0.0.1",
    port,
  });
  onTestFinished(async () => {
    await relay.close();
    await server.close();
  });
  return { relay, target: { host: "127.0.0.1", port, certificate: tls.certificate, token } };
}

/** Attacks for so long while `meanwhile` runs. */
async function under(
  attack: Attack,
  target: Target,
  ms: number,
  meanwhile: () => Promise<void>,
): Promise<void> {
  const stop = new AbortController();
  const attacker = attack.run(target, stop.signal, () => undefined);
  try {
    await sleep(ms);
    await meanwhile();
  } finally {
    stop.abort();
    await attacker;
  }
}

describe("a relay under attack", () => {
  it("asks the issuer no more often for forged tokens, and lets honest ones in", async () => {
    const issuer = await startIssuer();
    const { relay, target } = await serveAttacked({ auth: { jwks: issuer.url } }, () => issuer.token());
    const authorization = `Bearer ${await issuer.token()}`;
    await under(forgedTokens, target, 2000, async () => {
      const client = new Http2Requests(target);
      expect(await client.send({ ":path": "/v1/register", authorization })).toBe(200);
      client.close();
    });
    const refused = Object.values(relay.stats().refused).reduce((sum, count) => sum + count, 0);
    expect(refused).toBeGreaterThan(100);
    // At the start, and once in each cooldown of 10 s.
    expect(issuer.requests()).toBeLessThanOrEqual(3);
  });

  it("keeps room for others in mailboxes and waits", async () => {
    const { relay, target } = await serveAttacked({ auth: { secret } }, secretToken);
    const authorization = `Bearer ${await secretToken("alice")}`;
    await under(greedyPeer, target, 2000, async () => {
      await expect.poll(() => relay.stats().mailbox.queuedBytes, { timeout: 20_000 }).toBeGreaterThan(64_000);
      const client = new Http2Requests(target);
      const send = { ":method": "POST", ":path": "/v1/mailbox/bob", authorization };
      const body = JSON.stringify({ packets: [initialPacket().toString("base64")] });
      expect(await client.send(send, body)).toBe(201);
      expect(await client.send({ ":path": "/v1/mailbox", authorization, prefer: "wait=1" })).toBe(200);
      client.close();
    });
    const { mailbox, waiters, refused } = relay.stats();
    const { ERR_QUICPIPE_MAILBOX_FULL: full = 0, ERR_QUICPIPE_SENDER_QUOTA: spent = 0 } = refused;
    expect(full + spent).toBeGreaterThan(0);
    expect(refused).toHaveProperty("ERR_QUICPIPE_WAITER_QUOTA");
    // What the attacker may leave, and the honest message.
    expect(mailbox.queuedBytes).toBeLessThan(130 * 1024);
    expect(waiters).toBeLessThanOrEqual(9);
  });
});
