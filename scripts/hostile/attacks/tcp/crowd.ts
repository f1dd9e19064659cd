import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Attack, Target } from "../../attack.ts";
import { connectTls } from "../../clients/raw-http2.ts";

/** More than the relay accepts in all. */
const connections = 1200;
/** Connections opened at a time. */
const batch = 50;

/** Ways to hold a connection without a request: without a handshake, without header fields, without their end. */
const ways: readonly ((target: Target, signal: AbortSignal) => Promise<Socket>)[] = [
  async ({ host, port }, signal) => {
    const socket = connect(port, host).on("error", () => undefined);
    await once(socket, "connect", { signal }).catch(() => undefined);
    return socket;
  },
  (target) => connectTls(target, "h2"),
  async (target) => {
    const socket = await connectTls(target, "http/1.1");
    if (!socket.destroyed) socket.write("GET / HTTP/1.1\r\nhost: localhost\r\nx-slow: ");
    return socket;
  },
];

/** A crowd of connections from one address, which reconnect as often as the relay closes them. */
export const tcpCrowd: Attack = {
  name: "a crowd at the door, over TCP",
  unit: "connections",
  async run(target, signal, tally) {
    let crowd: Socket[] = [];
    for (let turn = 0; !signal.aborted; turn++) {
      crowd = crowd.filter(({ destroyed }) => !destroyed);
      const missing = Math.min(batch, connections - crowd.length);
      const way = ways[turn % ways.length]!;
      const come = await Promise.all(Array.from({ length: missing }, () => way(target, signal)));
      tally(come.filter(({ destroyed }) => !destroyed).length);
      crowd.push(...come);
      await sleep(20, undefined, { signal }).catch(() => undefined);
    }
    for (const socket of crowd) socket.destroy();
  },
};
