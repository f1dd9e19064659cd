import type { Connection } from "../../peer/index.ts";

/** Sends back what comes over a connection, until it ends. Never rejects. */
export async function answerPings(connection: Connection): Promise<void> {
  await Promise.allSettled([
    connection.datagrams.readable.pipeTo(connection.datagrams.writable),
    answerStreams(connection),
  ]);
}

async function answerStreams({ incomingBidirectionalStreams }: Connection): Promise<void> {
  for await (const { readable, writable } of incomingBidirectionalStreams)
    // A broken stream ends no other.
    readable.pipeTo(writable).catch(() => undefined);
}
