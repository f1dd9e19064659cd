import { describe, expect, onTestFinished } from "vitest";
import { loadEngine } from "../../../../src/peer/engine/engine.ts";
import { PeerSocket } from "../../../../src/peer/socket.ts";
import { openAncillaryPeer } from "../../harness/network/ancillary-udp.ts";
import { itWith } from "../../harness/requirement.ts";

describe("the TTL of a datagram", () => {
  itWith("python").each([
    ["127.0.0.1", "127.0.0.1"],
    ["::", "127.0.0.1"],
    ["::", "::1"],
  ])("is what its sender says, from %s to %s, and that of others is the system's", async (host, address) => {
    const receiver = await openAncillaryPeer(address);
    const relay = { address: "127.0.0.1", port: 9 };
    const socket = await PeerSocket.bind({ host, port: 0, relay }, loadEngine());
    onTestFinished(() => socket.close());
    for (const ttl of [undefined, 5, undefined, 1]) socket.send(Buffer.of(1), receiver.address, ttl);
    await receiver.received(4);
    const [usual, ...others] = receiver.inbox.map(({ ttl }) => ttl);
    expect(usual).toBeGreaterThan(5);
    expect(others).toEqual([5, usual, 1]);
    expect(socket.stats.sendFailed).toBe(0);
  });
});
