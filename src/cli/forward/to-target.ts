import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { BidirectionalStream, Connection } from "../../peer/index.ts";
import { formatAddress } from "../../wire/address.ts";
import { printable } from "../terminal-text.ts";
import type { Endpoint } from "./endpoint.ts";
import { abandon, joinTcp, readOpening } from "./tcp-stream.ts";

/** Leads each stream of a connection to a TCP connection with the target, until the connection ends. */
export async function forwardTo(connection: Connection, target: Endpoint): Promise<void> {
  const sockets = new Set<Socket>();
  void takeStreams(connection, (stream) => forward(stream, target, sockets));
  try {
    await connection.closed;
  } finally {
    for (const socket of sockets) socket.resetAndDestroy();
  }
}

/** Never rejects: the end of the connection is told by `closed`. */
async function takeStreams(
  { incomingBidirectionalStreams }: Connection,
  take: (stream: BidirectionalStream) => Promise<void>,
): Promise<void> {
  const reader = incomingBidirectionalStreams.getReader();
  for (;;) {
    const { value } = await reader.read().catch(() => ({ value: undefined }));
    if (!value) return;
    take(value).catch(() => abandon(value));
  }
}

async function forward(stream: BidirectionalStream, target: Endpoint, sockets: Set<Socket>): Promise<void> {
  const incoming = await readOpening(stream);
  if (!incoming) return await abandon(stream);
  const socket = connect({ host: target.address, port: target.port, allowHalfOpen: true, noDelay: true });
  sockets.add(socket);
  socket.on("error", () => undefined);
  try {
    await once(socket, "connect");
    await joinTcp(socket, incoming, stream.writable);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    process.stderr.write(`quicpipe: ${formatAddress(target)} cannot be reached: ${printable(why)}\n`);
    incoming.destroy();
    await stream.writable.abort();
  } finally {
    sockets.delete(socket);
  }
}
