import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { datagramQueue } from "../../../src/defaults/index.ts";
import { codeOf, connectPeers, echo, readAll, roundTrip, writeAll } from "../harness/peers.ts";

/** What an error of a stream has: the members of W3C's `WebTransportError`, and the code in `details`. */
function streamErrorOf(streamErrorCode: number): object {
  const code = "ERR_QUICPIPE_STREAM_RESET";
  return { name: "QuicpipeError", code, source: "stream", streamErrorCode, details: { streamErrorCode } };
}

describe("a connection between two peers", () => {
  it("carries bidirectional streams that either side opens", async () => {
    const { near, far } = await connectPeers();
    void echo(near);
    void echo(far);
    const big = randomBytes(3_000_000).toString("base64");
    expect(await roundTrip(near, "from the dialer")).toBe("from the dialer");
    expect(await roundTrip(far, "from the accepter")).toBe("from the accepter");
    const [there, back] = await Promise.all([roundTrip(near, big), roundTrip(far, big)]);
    expect(there === big && back === big).toBe(true);
  });

  it("sends packets as long as the path carries", async () => {
    const { near, far } = await connectPeers();
    void echo(far);
    await roundTrip(near, randomBytes(500_000).toString("base64"));
    const { bytesSent, packetsSent } = await near.getStats();
    // Acknowledgements are short.
    expect(bytesSent / packetsSent).toBeGreaterThan(1200);
  });

  it("carries unidirectional streams that either side opens", async () => {
    const { near, far } = await connectPeers();
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      void writeAll(await from.createUnidirectionalStream(), Buffer.from("one way"));
      const { value } = await to.incomingUnidirectionalStreams.getReader().read();
      expect((await readAll(value!)).toString()).toBe("one way");
    }
  });

  it("carries streams that end without a byte", async () => {
    const { near, far } = await connectPeers();
    await (await near.createUnidirectionalStream()).close();
    const { value } = await far.incomingUnidirectionalStreams.getReader().read();
    expect(await readAll(value!)).toHaveLength(0);
  });

  it.each(["bidirectional", "unidirectional", "datagrams"] as const)(
    "ends in good order for one who has cancelled its list of incoming %s",
    async (kind) => {
      const { near, far } = await connectPeers();
      const list = {
        bidirectional: far.incomingBidirectionalStreams,
        unidirectional: far.incomingUnidirectionalStreams,
        datagrams: far.datagrams.readable,
      }[kind];
      const reader = (list as ReadableStream<unknown>).getReader();
      // A read that waits takes the first that comes, if nobody cancels it.
      const reading = reader.read();
      await reader.cancel();
      expect((await reading).done).toBe(true);
      await near.datagrams.writable.getWriter().write(Buffer.from("to nobody"));
      void near.createBidirectionalStream().catch(() => undefined);
      await near.close({ closeCode: 7 });
      expect(await far.closed).toMatchObject({ closeCode: 7 });
    },
  );

  it("closes for the other side too where its own lists were cancelled", async () => {
    const { near, far, bob } = await connectPeers();
    await far.incomingBidirectionalStreams.cancel();
    await far.incomingUnidirectionalStreams.cancel();
    await far.datagrams.readable.cancel();
    await bob.close();
    expect(await near.closed).toMatchObject({ closeCode: 0 });
    expect(bob.stats()).toMatchObject({ connections: 0, registrations: 0 });
  });

  it("opens more streams than may be open at once where the other side leaves each unread", async () => {
    const { near, far } = await connectPeers({ bob: { maxStreams: 5 } });
    void (async () => {
      for await (const stream of far.incomingUnidirectionalStreams) await stream.cancel();
    })();
    for (let n = 0; n < 50; n++) {
      const writer = (await near.createUnidirectionalStream()).getWriter();
      await writer.write(Buffer.from("unread")).catch(() => undefined);
      await expect(writer.closed).rejects.toMatchObject({ code: "ERR_QUICPIPE_STREAM_RESET" });
    }
  });

  it("refuses bytes that were transferred, and what is no bytes", async () => {
    const { near, far } = await connectPeers();
    const gone = new Uint8Array(8);
    structuredClone(gone, { transfer: [gone.buffer] });
    for (const chunk of [gone, "text"]) {
      const stream = await near.createUnidirectionalStream();
      expect(await codeOf(stream.getWriter().write(chunk as Uint8Array))).toBe("ERR_QUICPIPE_OPTION_INVALID");
    }
    const datagrams = near.datagrams.writable.getWriter();
    expect(await codeOf(datagrams.write("text" as unknown as Uint8Array))).toBe(
      "ERR_QUICPIPE_OPTION_INVALID",
    );
    const later = new Uint8Array(20_000_000);
    const writing = (await near.createUnidirectionalStream()).getWriter().write(later);
    structuredClone(later, { transfer: [later.buffer] });
    void (async () => {
      for await (const stream of far.incomingUnidirectionalStreams)
        void readAll(stream).catch(() => undefined);
    })();
    expect(await codeOf(writing)).toBe("ERR_QUICPIPE_OPTION_INVALID");
    await near.close();
    await far.closed;
  });

  it("carries datagrams, and refuses one that is too long", async () => {
    const { near, far } = await connectPeers();
    const [out, back] = [near.datagrams.writable.getWriter(), far.datagrams.writable.getWriter()];
    const [seen, answered] = [far.datagrams.readable.getReader(), near.datagrams.readable.getReader()];
    const longest = randomBytes(near.datagrams.maxDatagramSize);
    await out.write(longest);
    expect(Buffer.from((await seen.read()).value!).equals(longest)).toBe(true);
    await back.write(Buffer.from("pong"));
    expect(Buffer.from((await answered.read()).value!).toString()).toBe("pong");
    // The limit grows with the packets, up to 1452 bytes.
    const tooLong = out.write(new Uint8Array(1453));
    expect(await codeOf(tooLong)).toBe("ERR_QUICPIPE_DATAGRAM_TOO_LARGE");
  });

  it("drops the oldest datagrams that are not read, and counts them", async () => {
    const { near, far } = await connectPeers();
    const writer = near.datagrams.writable.getWriter();
    for (let i = 0; i < 2 * datagramQueue; i++) await writer.write(Buffer.from(`${i}`));
    await expect
      .poll(() => far.getStats().then(({ datagrams }) => datagrams.droppedIncoming))
      .toBeGreaterThan(0);
    const { value } = await far.datagrams.readable.getReader().read();
    expect(Number(Buffer.from(value!).toString())).toBeGreaterThan(0);
  });

  it("tells the reader of a reset, and the writer of a reader that has gone", async () => {
    const { near, far } = await connectPeers();
    const { writable, readable } = await near.createBidirectionalStream();
    const writer = writable.getWriter();
    await writer.write(Buffer.from("begun"));
    const { value: stream } = await far.incomingBidirectionalStreams.getReader().read();
    const reader = stream!.readable.getReader();
    await reader.read();
    await writer.abort({ streamErrorCode: 77 });
    const reset = await reader.read().catch((error: unknown) => error);
    expect(reset).toMatchObject(streamErrorOf(77));

    const answer = stream!.writable.getWriter();
    await answer.write(Buffer.from("x"));
    await readable.cancel({ streamErrorCode: 88 });
    const stopped = await answer.closed.catch((error: unknown) => error);
    expect(stopped).toMatchObject(streamErrorOf(88));
  });

  it("waits with a stream that the other peer does not allow yet", async () => {
    const { near, far } = await connectPeers({ bob: { maxStreams: 2 } });
    void echo(far);
    const held = [await near.createBidirectionalStream(), await near.createBidirectionalStream()];
    let opened = false;
    const third = near.createBidirectionalStream().then((stream) => {
      opened = true;
      return stream;
    });
    // What goes there and back later does so before it.
    const [writer, reader] = [held[0]!.writable.getWriter(), held[0]!.readable.getReader()];
    await writer.write(Buffer.from("x"));
    await reader.read();
    expect(opened).toBe(false);
    for (const lock of [writer, reader]) lock.releaseLock();
    for (const { writable, readable } of held) {
      await writeAll(writable, Buffer.from("done"));
      await readAll(readable);
    }
    await third;
  });

  it("opens two hundred streams one after the other, and forgets them", async () => {
    const { near, far } = await connectPeers();
    void echo(far);
    for (let i = 0; i < 200; i++) expect(await roundTrip(near, `${i}`)).toBe(`${i}`);
  });

  it("lets a slow reader slow the writer down, with bounded memory", async () => {
    const { near, far } = await connectPeers({ bob: { flowWindowBytes: 262_144 } });
    const writer = (await near.createUnidirectionalStream()).getWriter();
    const chunk = new Uint8Array(65_536);
    let written = 0;
    const writing = (async () => {
      for (; written < 20_000_000; written += chunk.length) await writer.write(chunk);
      await writer.close();
    })();
    const { value } = await far.incomingUnidirectionalStreams.getReader().read();
    await sleep(300);
    // The window, what is read ahead of the consumer, what waits for the engine, and a few chunks in between.
    expect(written).toBeLessThan(262_144 * 2 + 65_536 * 4);
    const received = await readAll(value!);
    await writing;
    expect(received.length).toBe(written);
  });

  it("ends with the code and reason of the peer that closes it", async () => {
    const { near, far } = await connectPeers();
    const { readable } = await near.createBidirectionalStream();
    const pending = readAll(readable).catch((error: unknown) => error);
    near.close({ closeCode: 4_294_967_295, reason: "that was all" });
    near.close({ closeCode: 1 });
    const info = { closeCode: 4_294_967_295, reason: "that was all" };
    expect(await near.closed).toEqual(info);
    expect(await far.closed).toEqual(info);
    const ended = { code: "ERR_QUICPIPE_CONNECTION_CLOSED", source: "session", streamErrorCode: null };
    expect(await pending).toMatchObject(ended);
    expect((await far.incomingBidirectionalStreams.getReader().read()).done).toBe(true);
    expect(await codeOf(far.createBidirectionalStream())).toBe("ERR_QUICPIPE_CONNECTION_CLOSED");
  });

  it("delivers what its streams were given before it was closed", async () => {
    const { near, far } = await connectPeers();
    const bytes = randomBytes(1_000_000);
    void writeAll(await near.createUnidirectionalStream(), bytes).then(() => near.close({ closeCode: 3 }));
    const { value } = await far.incomingUnidirectionalStreams.getReader().read();
    expect((await readAll(value!)).equals(bytes)).toBe(true);
    expect(await far.closed).toMatchObject({ closeCode: 3 });
  });

  it("delivers it too when the whole peer is closed", async () => {
    const { alice, near, far } = await connectPeers();
    const bytes = randomBytes(1_000_000);
    void writeAll(await near.createUnidirectionalStream(), bytes).then(() => alice.close());
    const { value } = await far.incomingUnidirectionalStreams.getReader().read();
    expect((await readAll(value!)).equals(bytes)).toBe(true);
  });

  it("tells how it goes in the members of WebTransport's statistics", async () => {
    const { near, far } = await connectPeers();
    void echo(far);
    await roundTrip(near, "x".repeat(100_000));
    const stats = await near.getStats();
    for (const name of ["bytesSent", "bytesReceived", "packetsSent", "packetsReceived"] as const)
      expect(stats[name], name).toBeGreaterThan(0);
    expect(stats.bytesSent).toBeGreaterThan(100_000);
    for (const name of ["bytesLost", "packetsLost", "packetsRefused", "smoothedRtt"] as const)
      expect(stats[name], name).toBeGreaterThanOrEqual(0);
    expect(stats.datagrams).toEqual({ droppedIncoming: 0 });
  });

  it("is draining as soon as the relay says goodbye, and goes on as long as it can", async () => {
    const { bob, near, far, gateway } = await connectPeers();
    void echo(far);
    // Waits for the next dialer, so that a request to the relay is under way.
    const next = bob[Symbol.asyncIterator]().next();
    const drained: string[] = [];
    void far.draining.then(() => drained.push("far"));
    expect(await roundTrip(near, "before")).toBe("before");
    expect(drained).toEqual([]);
    await gateway.close();
    await far.draining;
    expect(await roundTrip(near, "after")).toBe("after");
    await bob.close();
    await next;
  });

  it("is draining when a relay that is shutting down refuses the next dial", async () => {
    const { alice, near, relay } = await connectPeers();
    const closing = relay.close({ graceMs: 60_000 });
    await expect(alice.dial("bob", { trust: "insecure", timeoutMs: 5000 })).rejects.toMatchObject({
      code: "ERR_QUICPIPE_DRAINING",
    });
    await near.draining;
    near.close();
    await closing;
  });

  it("is draining when the other side closes, and when its own does", async () => {
    const { near, far } = await connectPeers();
    near.close();
    await Promise.all([near.draining, far.draining]);
  });

  it("is closed at the end of the block that declares it by `await using`", async () => {
    const { near, far } = await connectPeers();
    {
      await using connection = near;
      expect(connection.protocol).toBe("quicpipe");
    }
    expect(await far.closed).toEqual({ closeCode: 0, reason: "" });
  });

  it("refuses a close code that is none", async () => {
    const { near } = await connectPeers();
    expect(() => near.close({ closeCode: -1 })).toThrow(
      expect.objectContaining({ code: "ERR_QUICPIPE_OPTION_INVALID" }),
    );
  });

  it("knows the other peer, and how it travels", async () => {
    const { alice, bob, near, far } = await connectPeers();
    expect(near).toMatchObject({ remoteName: "bob", remotePin: bob.pin, path: { kind: "relay" } });
    expect(far).toMatchObject({ remoteName: "alice", remotePin: alice.pin, path: { kind: "relay" } });
  });

  it("leaves nothing at the relay when both peers are closed", async () => {
    const { alice, bob, far, relay } = await connectPeers();
    expect(relay.stats().registrations).toBe(2);
    await alice.close();
    expect(await far.closed).toMatchObject({ reason: "the peer was closed" });
    await bob.close();
    expect(relay.stats()).toMatchObject({ registrations: 0, cids: 0 });
  });
});
