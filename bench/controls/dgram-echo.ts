/**
 * Control of the rows dgram/fixed and dgram/crowded: the cheapest forwarder possible with node:dgram, with one fixed
 * destination, no table, no policy and no counters. It has the relay's synchronous lookup and buffer sizes, so that the
 * comparison isolates the work of the relay.
 *
 *   dgram-echo <address of the sink> <port of the sink>     prints its port; exits at the end of standard input
 */
import { createSocket } from "node:dgram";
import { serveUntilEnd } from "../rig/served.ts";

const [address, port] = process.argv.slice(2);
const sinkPort = Number(port);

const socket = createSocket({
  type: "udp4",
  lookup: (literal, _options, done) => done(null, literal, 4),
  recvBufferSize: 4 << 20,
  sendBufferSize: 4 << 20,
});
socket.on("message", (datagram) => socket.send(datagram, sinkPort, address));
socket.bind(0, () => serveUntilEnd(socket.address().port));
