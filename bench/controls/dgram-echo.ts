/**
 * The control of the dgram rows: the least that node:dgram can do to forward, with one fixed destination, no
 * table, no policy and no counters but one. It has the same synchronous lookup and buffers as the relay,
 * so that what is compared is the relay's work and nothing else.
 */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { serveMeasured } from "../rig/measured.ts";

serveMeasured(async ({ sink }) => {
  const socket = createSocket({
    type: "udp4",
    lookup: (literal, _options, done) => done(null, literal, 4),
    recvBufferSize: 4 << 20,
    sendBufferSize: 4 << 20,
  });
  let packets = 0;
  socket.on("message", (datagram) => {
    socket.send(datagram, sink.port, sink.address);
    packets++;
  });
  // Before the bind: with a synchronous lookup it emits at once.
  const listening = once(socket, "listening");
  socket.bind(0, "127.0.0.1");
  await listening;
  return { port: socket.address().port, packets: () => packets };
});
