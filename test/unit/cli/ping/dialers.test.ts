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

/** The same, and it waits for more. */
function livingPeerOf(...connections: Connection[]): Peer {
  return {
    async *[Symbol.asyncIterator]() {
      yield* connections;
      await new Promise(() => undefined);
    },
  } as unknown as Peer;
}

const dial = { sender: "alice", note: null };
const ping = { sender: "alice", note: "ping" };

/** Work that lasts until it is told to end. */
function workOf(): {
  work: (c: Connection) => Promise<void>;
  begun: Connection[];
  end: (index: number) => void;
} {
  const begun: Connection[] = [];
  const ends: (() => void)[] = [];
  return {
    begun,
    work: (each) => {
      begun.push(each);
      return new Promise((resolve) => void ends.push(resolve));
    },
    end: (index) => ends[index]!(),
  };
}

/** Lets what is under way go on. */
const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

describe("the dialers of an accepter", () => {
  it("are all taken until one comes that is no ping, and pings alone after it", async () => {
    const dialers = new Dialers({ inAll: 1, atOnce: 1 });
    const pipe = connection("quicpipe");
    const { work, begun, end } = workOf();
    expect([dialers.accepts(dial), dialers.accepts(ping)]).toEqual([true, true]);
    // The peer lives on: nothing else comes.
    const served = dialers.serve(livingPeerOf(connection("ping"), pipe, connection("ping")), work);
    await turn();
    expect(begun).toEqual([pipe]);
    expect([dialers.accepts(dial), dialers.accepts(ping), dialers.areAllThere]).toEqual([false, true, true]);
    end(0);
    await served;
    expect(dialers.accepts(dial)).toBe(false);
  });

  it("are served one after the other, or at once, as there is time", async () => {
    for (const atOnce of [1, 2]) {
      const dialers = new Dialers({ inAll: 2, atOnce });
      const { work, end } = workOf();
      const served = dialers.serve(livingPeerOf(connection("quicpipe")), work);
      await turn();
      expect(dialers.accepts(dial)).toBe(atOnce === 2);
      end(0);
      await turn();
      expect(dialers.accepts(dial)).toBe(true);
      dialers.stop();
      await served;
      expect(dialers.begun).toBe(1);
    }
  });

  it("have an end when one's work fails", async () => {
    const dialers = new Dialers({ inAll: 2, atOnce: 2 });
    const fault = new Error("broken");
    await expect(
      dialers.serve(livingPeerOf(connection("quicpipe")), () => Promise.reject(fault)),
    ).rejects.toBe(fault);
  });

  it("wait in the mailbox while eight others ping", async () => {
    const dialers = new Dialers({ inAll: 1, atOnce: 1 });
    await dialers.serve(peerOf(...Array.from({ length: 8 }, () => connection("ping"))), workOf().work);
    expect([dialers.accepts(dial), dialers.accepts(ping)]).toEqual([true, false]);
  });

  it("are refused if their note says ping and their protocol does not", async () => {
    const odd = connection("quicpipe");
    await new Dialers({ inAll: 0, atOnce: 1 }).serve(peerOf(odd), workOf().work);
    expect(odd.reasons).toEqual(["this accepter has its peer already"]);
  });
});
