import { randomBytes } from "node:crypto";
import { createSocket, type Socket } from "node:dgram";
import { setTimeout as sleep } from "node:timers/promises";
import type { Attack } from "../attack.ts";
import { initialLike } from "../clients/initial.ts";

/** Places for gateway clients that a relay has, unless configured. */
const strangers = 4096;
/** What each sends at first: so much took a place for a minute and a half once. */
const firstDatagrams = 4;
/** As many new clients as a relay takes in a second. */
const strangersPerSecond = 1000;
/** What keeps all of them from being forgotten, in all. */
const laterPerSecond = 60;
const burst = 20;

/** Where the stranger of a number sends from; any free port of it. */
type Host = (index: number) => string;

const oneHost: Host = () => "127.0.0.1";
/** Linux has all of 127.0.0.0/8; elsewhere nothing is sent. */
const manyHosts: Host = (index) => `127.77.${index >> 8}.${index & 0xff}`;

/** What looks like a packet of a connection whose client has moved. */
function shortLike(): Buffer {
  return Buffer.concat([Buffer.from([0x4d]), randomBytes(59)]);
}

/** Each stranger sends a few datagrams at once, and then one every minute. */
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
