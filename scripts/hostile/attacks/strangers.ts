import { randomBytes } from "node:crypto";
import { createSocket, type Socket } from "node:dgram";
import { setTimeout as sleep } from "node:timers/promises";
import type { Attack } from "../attack.ts";
import { initialLike } from "../clients/initial.ts";

/** Gateway clients for which a relay has places by default. */
const strangers = 4096;
/** Datagrams that each stranger sends at first. That many once held a place for a minute and a half. */
const firstDatagrams = 4;
/** As many new clients as a relay accepts in a second. */
const strangersPerSecond = 1000;
/** Datagrams per second, of all strangers together, that keep the relay from forgetting any of them. */
const laterPerSecond = 60;
const burst = 20;

/** Returns the source address of the stranger with this index. The port is any free one. */
type Host = (index: number) => string;

const oneHost: Host = () => "127.0.0.1";
/** Linux has all of 127.0.0.0/8; other systems send nothing. */
const manyHosts: Host = (index) => `127.77.${index >> 8}.${index & 0xff}`;

/** Returns a datagram like a packet of a connection whose client has moved. */
function shortLike(): Buffer {
  return Buffer.concat([Buffer.from([0x4d]), randomBytes(59)]);
}

/** Returns an attack in which each stranger sends a few datagrams at once, and then about one a minute. */
function strangersThat(name: string, hostOf: Host, datagram: () => Buffer): Attack {
  return {
    name,
    unit: "datagrams",
    async run({ host, port }, signal, tally) {
      const sockets: Socket[] = [];
      const onSent = (error: Error | null): void => void (error ?? tally());
      const send = (socket: Socket): void => socket.send(datagram(), port, host, onSent);
      while (sockets.length < strangers && !signal.aborted) {
        for (let i = 0; i < burst; i++) {
          const socket = open(hostOf(sockets.length));
          sockets.push(socket);
          for (let sent = 0; sent < firstDatagrams; sent++) send(socket);
        }
        await sleep((1000 * burst) / strangersPerSecond);
      }
      for (let i = 0; !signal.aborted; i++) {
        send(sockets[i % sockets.length]!);
        await sleep(1000 / laterPerSecond);
      }
      await Promise.all(sockets.map((socket) => new Promise<void>((resolve) => void socket.close(resolve))));
    },
  };
}

function open(host: string): Socket {
  const socket = createSocket("udp4");
  socket.on("error", () => undefined);
  socket.bind(0, host);
  return socket;
}

export const oneByteStrangers: Attack = strangersThat("4096 ports, one byte", oneHost, () => Buffer.of(1));
export const initialStrangers: Attack = strangersThat("4096 ports, Initials", oneHost, initialLike);
export const scatteredStrangers: Attack = strangersThat("4096 addresses, Initials", manyHosts, initialLike);
export const movingStrangers: Attack = strangersThat("4096 ports, short headers", oneHost, shortLike);
