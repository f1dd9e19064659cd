import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { Attack, Target } from "../../../scripts/hostile/attack.ts";
import { forgedTokens } from "../../../scripts/hostile/attacks/forged-tokens.ts";
import { greedyPeer } from "../../../scripts/hostile/attacks/greedy-peer.ts";
import { Http2Requests } from "../../../scripts/hostile/clients/http2-requests.ts";
import { initialPacket } from "../harness/packets.ts";
import { startTarget } from "../harness/relay.ts";
import { secret, tokenFor } from "../harness/token.ts";
import { startIssuer } from "./auth/issuer.ts";

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
    const { relay, target } = await startTarget({ auth: { jwks: issuer.url } }, () => issuer.token());
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
    const { relay, target } = await startTarget({ auth: { secret } });
    const authorization = `Bearer ${await tokenFor("alice")}`;
    await under(greedyPeer, target, 2000, async () => {
      await expect.poll(() => relay.stats().mailbox.queuedBytes).toBeGreaterThan(64_000);
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
