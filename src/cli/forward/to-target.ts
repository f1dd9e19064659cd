import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { BidirectionalStream, Connection } from "../../peer/index.ts";
import { formatAddress } from "../../wire/address.ts";
import { printable } from "../terminal-text.ts";
import type { Endpoint } from "./endpoint.ts";
import { abandon, incomingOf, joinTcp, readOpening } from "./tcp-stream.ts";

/** Leads each stream of a connection to a TCP connection with the target, until the connection ends. */
export async function forwardTo(connection: Connection, target: Endpoint): Promise<void> {
  const sockets = new Set<Socket>();
  const faults = new Faults(target);
  void takeStreams(connection, (stream) => forward(stream, target, sockets, faults));
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

async function forward(
  stream: BidirectionalStream,
  target: Endpoint,
  sockets: Set<Socket>,
  faults: Faults,
): Promise<void> {
  const first = await readOpening(stream);
  if (!first) return await abandon(stream);
  const socket = connect({ host: target.address, port: target.port, allowHalfOpen: true, noDelay: true });
  sockets.add(socket);
  socket.on("error", () => undefined);
  try {
    await once(socket, "connect");
    faults.over();
    await joinTcp(socket, incomingOf(stream, first), stream.writable);
  } catch (error) {
    faults.tell(error);
    await abandon(stream);
  } finally {
    sockets.delete(socket);
  }
}

/** Tells why the target cannot be reached: once until it is reached or the reason is another, as a dialer may open any number of streams. */
class Faults {
  readonly #target: Endpoint;
  #last: string | undefined;

  constructor(target: Endpoint) {
    this.#target = target;
  }

  tell(error: unknown): void {
    const why = error instanceof Error ? error.message : String(error);
    if (why !== this.#last)
      process.stderr.write(`quicpipe: ${formatAddress(this.#target)} cannot be reached: ${printable(why)}\n`);
    this.#last = why;
  }

  over(): void {
    this.#last = undefined;
  }
}
