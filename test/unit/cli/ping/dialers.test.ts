import { describe, expect, it } from "vitest";
import { Dialers } from "../../../../src/cli/ping/dialers.ts";
import type { Connection, Peer } from "../../../../src/peer/index.ts";

/** A connection that stays open, with nothing coming over it. */
function connection(protocol: string): Connection & { reasons: string[] } {
  const reasons: string[] = [];
  return {
    protocol,
    reasons,
    datagrams: { readable: new ReadableStream(), writable: new WritableStream() },
    incomingBidirectionalStreams: new ReadableStream(),
    close: ({ reason }: { reason: string }) => reasons.push(reason),
  } as unknown as Connection & { reasons: string[] };
}

/** A peer to which these connections come. */
function peerOf(...connections: Connection[]): Peer {
  return {
    async *[Symbol.asyncIterator]() {
      yield* connections;
    },
  } as unknown as Peer;
}

const dial = { sender: "alice", note: null };
const ping = { sender: "alice", note: "ping" };

describe("the dialers of an accepter", () => {
  it("are all taken until one comes that is no ping, and pings alone after it", async () => {
    const dialers = new Dialers();
    const pipe = connection("quicpipe");
    const peer = peerOf(connection("ping"), pipe, connection("quicpipe"));
    expect([dialers.accepts(dial), dialers.accepts(ping)]).toEqual([true, true]);
    expect(await dialers.first(peer)).toBe(pipe);
    expect([dialers.accepts(dial), dialers.accepts(ping)]).toEqual([false, true]);
  });

  it("wait in the mailbox while eight others ping", async () => {
    const dialers = new Dialers();
    await dialers.answerOthers(peerOf(...Array.from({ length: 8 }, () => connection("ping"))));
    expect([dialers.accepts(dial), dialers.accepts(ping)]).toEqual([true, false]);
  });

  it("are refused if their note says ping and their protocol does not", async () => {
    const odd = connection("quicpipe");
    await new Dialers().answerOthers(peerOf(odd));
    expect(odd.reasons).toEqual(["this accepter has its peer already"]);
  });
});
