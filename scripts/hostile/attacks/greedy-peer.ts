import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Attack, Tally, Target } from "../attack.ts";
import { maxPacketBytes } from "../../../src/protocol.ts";
import { Http2Requests } from "../clients/http2-requests.ts";
import { initialLike } from "../clients/initial.ts";

const requestsAtATime = 20;

/** A peer with a token that uses up as many mailboxes and long polls as it can. */
export const greedyPeer: Attack = {
  name: "greedy peer",
  unit: "answers",
  async run(target, signal, tally) {
    const authorization = `Bearer ${await target.token("mallory")}`;
    while (!signal.aborted) {
      const client = new Http2Requests(target);
      while (!signal.aborted && client.isOpen) {
        const asked = Array.from({ length: requestsAtATime }, () =>
          ask(client, authorization, target, tally),
        );
        await Promise.race([Promise.all(asked), sleep(1000)]);
        await sleep(10);
      }
      client.close();
    }
  },
};

/** Leaves a message of maximum length for one of a few recipients, and polls its own mailbox. */
async function ask(
  client: Http2Requests,
  authorization: string,
  { host }: Target,
  tally: Tally,
): Promise<void> {
  const recipient = ["bob", "alice", host][randomBytes(1)[0]! % 3];
  const body = JSON.stringify({
    // All of one connection, as the relay wants them.
    packets: Array<string>(8).fill(initialLike(maxPacketBytes).toString("base64")),
    note: "x".repeat(512),
  });
  const json = { "content-type": "application/json" };
  const left = { ":method": "POST", ":path": `/v1/mailbox/${recipient}`, authorization, ...json };
  if (await client.send(left, body)) tally();
  await client.send({ ":path": "/v1/mailbox", authorization, prefer: "wait=60" });
}
