import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Attack } from "../attack.ts";
import { Http2Requests } from "../clients/http2-requests.ts";

/** More at a time would be a plain flood of requests, regardless of their tokens. */
const requestsAtATime = 10;

/** Tokens with forged signatures: each names an unknown key, no key, or a key that does not match. */
export const forgedTokens: Attack = {
  name: "forged tokens",
  unit: "answers",
  async run(target, signal, tally) {
    while (!signal.aborted) {
      const client = new Http2Requests(target);
      while (!signal.aborted && client.isOpen) {
        const asked = Array.from({ length: requestsAtATime }, (_, i) => ask(client, i));
        const statuses = await Promise.all(asked);
        tally(statuses.filter((status) => status !== 0).length);
        await sleep(1);
      }
      client.close();
    }
  },
};

function ask(client: Http2Requests, i: number): Promise<number> {
  const kid = [{ kid: randomBytes(8).toString("hex") }, {}, { kid: "key-0" }][i % 3];
  const alg = ["ES256", "RS256", "EdDSA", "HS256", "none"][i % 5];
  return client.send({ ":path": "/v1/register", authorization: `Bearer ${forged({ alg, ...kid })}` });
}

function forged(header: object): string {
  const claims = { sub: "mallory", scope: "relay:register relay:admin", exp: 4_000_000_000 };
  const parts = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"));
  return [...parts, randomBytes(64).toString("base64url")].join(".");
}
