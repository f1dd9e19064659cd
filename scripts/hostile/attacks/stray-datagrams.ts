import { createSocket } from "node:dgram";
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Attack } from "../attack.ts";

/** Random bytes of various lengths, in small bursts as fast as a socket takes them. */
export const strayDatagrams: Attack = {
  name: "random datagrams",
  unit: "datagrams",
  async run({ host, port }, signal, tally) {
    const socket = createSocket("udp4");
    socket.on("error", () => undefined);
    while (!signal.aborted) {
      for (let i = 0; i < 50; i++, tally()) socket.send(randomBytes(1 + ((i * 29) % 1400)), port, host);
      await sleep(1);
    }
    socket.close();
  },
};
