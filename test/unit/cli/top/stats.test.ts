import { describe, expect, it } from "vitest";
import { requireStats } from "../../../../src/cli/top/stats.ts";

const traffic = { packets: 0, bytes: 0 };
const registration = {
  subject: "bob",
  address: null,
  path: "user",
  bytesFrom: 0,
  bytesTo: 0,
  rate: null,
  quietMs: null,
  dropped: {},
  expiresAt: "2026-01-01T13:00:05.000Z",
};

function answerOf(registrations: readonly object[], more: object = {}): object {
  return {
    backend: "native",
    backendReason: "",
    address: { address: "::", port: 4433 },
    registrations: registrations.length,
    cids: 0,
    waiters: 0,
    unclaimed: 0,
    overflowed: 0,
    mailbox: { queued: 0 },
    dropped: {},
    stun: {},
    stunPort: null,
    refused: {},
    gateway: { packetsIn: 0, packetsOut: 0, clients: 0 },
    path: { kernel: traffic, user: traffic },
    xdp: { state: "off", reason: "", interfaces: [] },
    page: { registrations, next: null },
    ...more,
  };
}

function nested(depth: number): unknown {
  return JSON.parse("[".repeat(depth) + "]".repeat(depth));
}

describe("a relay's answer to `top`", () => {
  it("keeps what this version does not show", () => {
    expect(requireStats(answerOf([registration], { added: nested(5) }), 20)).toEqual(
      answerOf([registration], { added: nested(5) }),
    );
  });

  it("has no more registrations than were asked for", () => {
    const many = Array.from({ length: 14_000 }, () => registration);
    expect(requireStats(answerOf(many), 20).page.registrations).toHaveLength(20);
  });

  it("may be an older relay's, which does not count how long a registration is quiet", () => {
    const { quietMs: _, ...older } = registration;
    expect(requireStats(answerOf([older]), 20)).toEqual(answerOf([{ ...older, quietMs: null }]));
    expect(() => requireStats(answerOf([{ ...older, quietMs: "long" }]), 20)).toThrow(
      expect.objectContaining({ code: "ERR_QUICPIPE_RELAY_REFUSED" }),
    );
  });

  it("may be an older relay's, which has no second port", () => {
    expect(requireStats(answerOf([], { stunPort: undefined }), 20)).toEqual(answerOf([]));
  });

  it("has of a second port its number and its counts", () => {
    const second = { address: { address: "::", port: 4433, stunPort: 3478 }, stunPort: { answered: 1 } };
    expect(requireStats(answerOf([], second), 20)).toEqual(answerOf([], second));
    for (const wrong of [{ address: { stunPort: "3478" } }, { stunPort: { answered: "many" } }])
      expect(() => requireStats(answerOf([], wrong), 20)).toThrow(
        expect.objectContaining({ code: "ERR_QUICPIPE_RELAY_REFUSED" }),
      );
  });

  it("is refused where it is nested so deeply that reading it would exhaust the stack", () => {
    expect(() => requireStats(answerOf([], { added: nested(400_000) }), 20)).toThrow(
      expect.objectContaining({ code: "ERR_QUICPIPE_RELAY_REFUSED" }),
    );
  });

  it("is refused where a figure is missing", () => {
    expect(() => requireStats(answerOf([{ ...registration, subject: 5 }]), 20)).toThrow(
      expect.objectContaining({ code: "ERR_QUICPIPE_RELAY_REFUSED" }),
    );
  });
});
