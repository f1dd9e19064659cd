import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { leastDataBytes } from "../../../../src/defaults/index.ts";
import { Pinger } from "../../../../src/cli/ping/pinger.ts";
import { encodePing } from "../../../../src/cli/ping/protocol.ts";
import type { CloseInfo, Connection, ConnectionPath } from "../../../../src/peer/index.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const relay = { kind: "relay", remote: "192.0.2.1:4433" } as ConnectionPath;
const direct = { kind: "direct", remote: "192.0.2.7:9", isMirrored: false } as ConnectionPath;
const mirrored: ConnectionPath = { ...direct, isMirrored: true };

/** Where the other peer takes no datagrams. */
const streams = {
  datagrams: { maxDatagramSize: 0, readable: new ReadableStream(), writable: new WritableStream() },
  createBidirectionalStream: () => Promise.resolve(new TransformStream<Uint8Array, Uint8Array>()),
};

/** A connection whose other end does as it is told. */
function scripted(
  paths: ConnectionPath[],
  answer: (datagram: Uint8Array) => Uint8Array[],
  more: object = {},
): { pinger: Pinger; closed: PromiseWithResolvers<CloseInfo> } {
  const closed = Promise.withResolvers<CloseInfo>();
  let incoming: ReadableStreamDefaultController<Uint8Array>;
  const datagrams = {
    maxDatagramSize: 1200,
    readable: new ReadableStream({ start: (controller) => void (incoming = controller) }),
    writable: new WritableStream({
      write: (datagram) => {
        for (const each of answer(datagram)) incoming.enqueue(each);
      },
    }),
  };
  const connection = {
    closed: closed.promise,
    datagrams,
    get path() {
      return paths.length > 1 ? paths.shift()! : paths[0]!;
    },
    ...more,
  };
  return { pinger: new Pinger(connection as unknown as Connection), closed };
}

const echo = (datagram: Uint8Array): Uint8Array[] => [datagram];

describe("a ping", () => {
  it("has taken the direct path if packets took that from its start to its end", async () => {
    const { pinger } = scripted([direct], echo);
    expect(await pinger.ping(1)).toEqual({ seq: 1, path: "direct", remote: direct.remote, rttMs: 0 });
  });

  it.each([
    [relay, direct],
    [direct, relay],
  ])("has taken the relay if packets did at its start or its end", async (before, after) => {
    const { pinger } = scripted([before, after], echo);
    expect(await pinger.ping(1)).toMatchObject({ path: "relay", remote: relay.remote });
  });

  it.each([
    [mirrored, direct],
    [direct, mirrored],
  ])("may have taken either path if packets took both at its start or its end", async (before, after) => {
    const { pinger } = scripted([before, after], echo);
    expect(await pinger.ping(1)).toMatchObject({ path: "both", remote: direct.remote });
  });

  it("has the bytes of data, so that pings a second apart keep a direct path in use", async () => {
    const sent: number[] = [];
    const { pinger } = scripted([direct], (datagram) => {
      sent.push(datagram.length);
      return [datagram];
    });
    await pinger.ping(1);
    expect(sent[0]).toBeGreaterThanOrEqual(leastDataBytes);
  });

  it("takes a stream where the other peer takes no datagrams", async () => {
    const { pinger } = scripted([direct], echo, streams);
    expect(await pinger.ping(1)).toMatchObject({ seq: 1, path: "direct", rttMs: 0 });
  });

  it("is lost after a while, whatever else comes back", async () => {
    const { pinger } = scripted([relay], () => [encodePing(9), Buffer.from("odd bytes")]);
    const ping = pinger.ping(1);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await ping).toMatchObject({ seq: 1, rttMs: null });
  });

  it("fails when the connection ends, and so does a pause", async () => {
    const { pinger, closed } = scripted([relay], () => []);
    const [ping, pause] = [pinger.ping(1), pinger.pause(60_000)];
    closed.resolve({ closeCode: 0, reason: "the other peer requires a direct path" });
    await expect(ping).rejects.toMatchObject({
      code: "ERR_QUICPIPE_CONNECTION_CLOSED",
      message: "the other side was ended between two pings: the other peer requires a direct path",
    });
    await expect(pause).rejects.toMatchObject({ code: "ERR_QUICPIPE_CONNECTION_CLOSED" });
  });
});
