import { describe, expect, it, vi } from "vitest";
import { checkPeer, peerText } from "../../../../src/cli/netcheck/peer-check.ts";
import { QuicpipeError } from "../../../../src/errors.ts";
import type { ConnectionPathEvent, Peer, RelayReason } from "../../../../src/peer/index.ts";

/** A peer whose dials lead to a connection by the relay, with these events and then none until it is closed. */
function peerWith(events: readonly ConnectionPathEvent[], reason?: RelayReason): Peer {
  const closed = Promise.withResolvers<void>();
  const connection = {
    path: { kind: "relay", reason },
    paths: (async function* () {
      yield* events;
      await closed.promise;
    })(),
    close: closed.resolve,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  return { dial: () => Promise.resolve(connection) } as unknown as Peer;
}

const remote = "192.0.2.7:9";
const opened = { kind: "opened", remote } as const;

describe("the check of a peer", () => {
  it("waits for a direct path, and tells its round trip", async () => {
    const check = await checkPeer(peerWith([opened, { kind: "selected", remote, rttMs: 8.96 }]), "bob", 1000);
    expect(check).toEqual({ path: "direct", remote, rttMs: 9, afterMs: expect.any(Number) });
    expect(peerText({ path: "direct", remote, rttMs: 9, afterMs: 61 })).toBe(
      "direct 192.0.2.7:9 9 ms (61 ms after connect)",
    );
  });

  it("ends with the reason for the relay, whether that is known at once or later", async () => {
    const expected = { path: "relay", reason: "checks-timeout" };
    expect(await checkPeer(peerWith([], "checks-timeout"), "bob", 1000)).toEqual(expected);
    expect(await checkPeer(peerWith([{ kind: "refused", reason: "checks-timeout" }]), "bob", 1000)).toEqual(
      expected,
    );
  });

  it("ends after a while, whatever happens", async () => {
    vi.useFakeTimers();
    const checking = checkPeer(peerWith([opened]), "bob", 1000);
    await vi.advanceTimersByTimeAsync(10_000);
    vi.useRealTimers();
    expect(await checking).toEqual({ path: "relay", reason: null });
    expect(peerText(await checking)).toBe("relay only: no direct path was found in time");
  });

  it("tells why the peer cannot be reached", async () => {
    const failure = new QuicpipeError("ERR_QUICPIPE_DIAL_TIMEOUT", "bob did not answer", {
      details: { step: "queued" },
    });
    const peer = { dial: () => Promise.reject(failure) } as unknown as Peer;
    expect(peerText(await checkPeer(peer, "bob", 1000))).toBe(
      "not reached: bob did not answer (ERR_QUICPIPE_DIAL_TIMEOUT)",
    );
  });
});
