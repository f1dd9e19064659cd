import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import {
  beginPair,
  connectPair,
  exchange,
  lose,
  makePair,
  move,
  readOn,
  type Side,
  openStream,
  talk,
  tick,
} from "./pair.ts";

const nothing = new Uint8Array();
const data = Buffer.from("all of it");
const allRead = { bytes: data.length, hasEnded: true };

describe("the QUIC engine", () => {
  it("shakes hands, and tells both sides so once", async () => {
    const { client, server } = await connectPair();
    for (const { told } of [client, server]) {
      expect(told.filter((name) => name === "onEstablished")).toHaveLength(1);
      expect(told.filter((name) => name === "onConfirmed")).toHaveLength(1);
    }
  });

  it("chooses the first application protocol of the accepter's that the dialer has", async () => {
    const { client, server } = await connectPair({ alpn: ["x", "b", "a"] }, { alpn: ["a", "b"] });
    expect([client, server].map(({ engine }) => engine.applicationProtocol())).toEqual(["a", "a"]);
  });

  it("ends a handshake without a common application protocol on both sides (RFC 7301 §3.2)", async () => {
    const pair = await beginPair({ alpn: ["a"] }, { alpn: ["b"] });
    exchange(pair);
    const noApplicationProtocol = { isApplication: false, errorCode: 0x178 };
    expect(pair.server.engine.end()).toMatchObject({ by: "this", ...noApplicationProtocol });
    expect(pair.client.engine.end()).toMatchObject({ by: "other", ...noApplicationProtocol });
  });

  it("has keys of its handshake that both sides have, and no other connection", async () => {
    const begun = await beginPair();
    expect(begun.client.engine.exportKey("label", "client", 38)).toHaveLength(0);
    const [one, other] = [await connectPair(), await connectPair()];
    expect(keyOf(one.client)).toMatch(/^[0-9a-f]{76}$/);
    expect(keyOf(one.server)).toBe(keyOf(one.client));
    expect(keyOf(one.client, "server")).not.toBe(keyOf(one.client));
    expect(keyOf(other.client)).not.toBe(keyOf(one.client));
  });

  it("takes no round trip for longer than it was, however long the first flight is on its way", async () => {
    const pair = await makePair();
    const { client, server } = pair;
    const flight = client.engine.firstFlight();
    expect([client.engine.isWaiting, client.engine.timeoutMs()]).toEqual([true, undefined]);
    await sleep(1500);
    for (const datagram of flight) server.engine.receive(datagram);
    exchange(pair);
    expect(client.engine.isWaiting).toBe(false);
    expect(client.engine.stats()).toMatchObject({ packetsLost: 0 });
    expect(server.told).toContain("onConfirmed");
  });

  it("sends the first flight again on demand", async () => {
    const pair = await makePair();
    pair.client.engine.firstFlight();
    expect(move(pair.client, pair.server)).toBe(0);
    pair.client.engine.retransmit();
    await talk(pair, () => pair.client.told.includes("onConfirmed"));
    expect(pair.server.told).toContain("onConfirmed");
  });

  it("reports what it has no use for, and goes on", async () => {
    const pair = await connectPair();
    const forgery = Buffer.alloc(1200, 0x40);
    const otherVersion = Buffer.concat([Buffer.of(0xc0, 0, 0, 0, 2, 0, 0), Buffer.alloc(1193)]);
    for (const datagram of [nothing, Buffer.of(0), forgery, otherVersion])
      expect(pair.client.engine.receive(datagram)).toBe(false);
    pair.server.engine.ping();
    move(pair.server, pair.client);
    expect(pair.client.engine.end()).toBeUndefined();
  });

  it("sends no probes while it is held, and at once when it is released", async () => {
    const pair = await connectPair({ idleTimeoutMs: 7_200_000 }, { idleTimeoutMs: 3_600_000 });
    const { client } = pair;
    client.engine.ping();
    lose(client);
    client.engine.hold();
    // The shorter idle timeout of both sides, and no probe before.
    expect(client.engine.timeoutMs()).toBeGreaterThan(1_800_000);
    expect(client.engine.timeoutMs()).toBeLessThanOrEqual(3_600_000);
    await sleep(300);
    client.engine.release();
    expect(client.engine.timeoutMs()).toBe(0);
    // A listener is told first, who may hold it again.
    tick(client);
    expect(move(client, client)).toBe(0);
    expect(client.told.at(-1)).toBe("onStalled");
    tick(client);
    expect(move(client, pair.server)).toBeGreaterThan(0);
  });

  it("ends by silence while it is held", async () => {
    const { client } = await connectPair({ idleTimeoutMs: 1000 });
    client.engine.ping();
    lose(client);
    client.engine.hold();
    await expect
      .poll(() => (tick(client), lose(client), client.engine.end()))
      .toMatchObject({ by: "silence" });
    expect(client.told).toContain("onEnded");
    expect(client.engine.isOver).toBe(true);
  });

  it.each(["client", "server"] as const)("brings a close by the %s to the other side", async (closer) => {
    const pair = await connectPair();
    const other = pair[closer === "client" ? "server" : "client"];
    pair[closer].engine.close(5, "bye");
    exchange(pair);
    const end = { isApplication: true, errorCode: 5, reason: "bye" };
    expect(pair[closer].engine.end()).toEqual({ by: "this", ...end });
    expect(other.engine.end()).toEqual({ by: "other", ...end });
    expect(other.told.filter((name) => name === "onEnded")).toHaveLength(1);
    await talk(pair, () => other.engine.isOver && pair[closer].engine.isOver);
    expect([other.engine.isOver, pair[closer].engine.isOver]).toEqual([true, true]);
  });

  it("says in the handshake only that the application closed (RFC 9000 §10.2.3)", async () => {
    const pair = await beginPair();
    pair.server.engine.close(5, "secret");
    exchange(pair);
    expect(pair.client.engine.end()).toMatchObject({
      by: "other",
      isApplication: false,
      errorCode: 0x0c,
      reason: "",
    });
  });

  it("carries datagrams as long as it says, in order", async () => {
    const pair = await connectPair();
    const { client, server } = pair;
    const longest = client.engine.maxDatagramBytes();
    expect(longest).toBeGreaterThan(1000);
    for (const value of [1, 2, 3])
      expect(client.engine.datagramSend(Buffer.alloc(longest, value))).toBe(true);
    const received: Uint8Array[] = [];
    await talk(pair, () => {
      received.push(...server.engine.datagramsReceive());
      return received.length === 3;
    });
    expect(server.told).toContain("onDatagrams");
    expect(received.map((datagram) => [datagram.length, datagram[0]])).toEqual(
      [1, 2, 3].map((value) => [longest, value]),
    );
  });

  it("is quiet when all has arrived", async () => {
    const pair = await connectPair();
    const { client, server } = pair;
    expect(client.engine.isQuiet).toBe(true);
    client.engine.streamSend(openStream(client), data, true);
    move(client, server);
    expect(client.engine.isQuiet).toBe(false);
    await talk(pair, () => client.engine.isQuiet);
    expect(client.engine.isQuiet).toBe(true);
  });

  it("opens no more streams than the other side allows, and tells when it allows more", async () => {
    const pair = await connectPair({}, { maxStreams: 2 });
    const { client, server } = pair;
    const ids = [openStream(client), openStream(client)];
    expect(ids).toEqual([0, 4]);
    expect(client.engine.openStream("bidirectional")).toBeUndefined();
    for (const id of ids) client.engine.streamSend(id, data, true);
    move(client, server);
    for (const id of ids) {
      expect(readOn(server, id)).toEqual(allRead);
      server.engine.streamSend(id, nothing, true);
    }
    await talk(pair, () => client.told.includes("onAllowed bidirectional"));
    expect(client.engine.openStream("bidirectional")).toBe(8);
  });

  it("keeps a whole window of a stream that nobody reads, behind a packet that got lost", async () => {
    const window = 4 * 1024 * 1024;
    const pair = await connectPair({}, { flowWindowBytes: window });
    const { client, server } = pair;
    const id = openStream(client);
    let sent = 0;
    const write = (): void =>
      void (sent += Number(client.engine.streamSend(id, Buffer.alloc(100_000), false) ?? 0));
    write();
    move(client, server, (datagram) => datagram === 0);
    await talk(pair, () => (write(), sent === window));
    expect(sent).toBe(window);
    exchange(pair);
    await talk(pair, () => client.engine.isQuiet);
    expect(readOn(server, id).bytes).toBe(window);
    expect([client.engine.end(), server.engine.end()]).toEqual([undefined, undefined]);
  });
});

function keyOf({ engine }: Side, context = "client"): string {
  return Buffer.from(engine.exportKey("label", context, 38)).toString("hex");
}
