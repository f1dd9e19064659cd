import { describe, expect, it } from "vitest";
import {
  type Column,
  droppedOf,
  nextOrder,
  type Order,
  sorted,
} from "../../../../../src/console/browser/sessions/session-order.ts";
import type { RegistrationStats } from "../../../../../src/protocol.ts";

function session(subject: string, change: Partial<RegistrationStats> = {}): RegistrationStats {
  return {
    id: subject,
    subject,
    address: null,
    cids: 1,
    path: "none",
    packetsFrom: 0,
    bytesFrom: 0,
    packetsTo: 0,
    bytesTo: 0,
    rate: null,
    quietMs: null,
    firstForwardedAt: null,
    registeredAt: "2026-01-01T00:00:00Z",
    expiresAt: "2026-01-01T01:00:00Z",
    dropped: { "rate-limited": 0, "no-address": 0, "source-is-destination": 0 },
    ...change,
  };
}

const sessions = [
  session("peer 10", { rate: { packetsPerSecond: 5, bytesPerSecond: 9 }, bytesTo: 3 }),
  session("peer 9", {
    address: "192.0.2.1:4433",
    path: "user",
    quietMs: 0,
    expiresAt: "2026-01-01T00:30:00Z",
  }),
  session("alice", {
    rate: { packetsPerSecond: 7, bytesPerSecond: 8 },
    bytesFrom: 1,
    quietMs: 12_000,
    dropped: { "rate-limited": 2, "no-address": 0, "source-is-destination": 1 },
  }),
];

function namesBy(column: Column, direction: Order["direction"]): string[] {
  return sorted(sessions, { column, direction }).map(({ subject }) => subject);
}

describe("the order of sessions", () => {
  it("is the relay's until a column is chosen", () => {
    expect(sorted(sessions, undefined)).toBe(sessions);
  });

  it("is by the figures in names, as people count", () => {
    expect(namesBy("subject", "ascending")).toEqual(["alice", "peer 9", "peer 10"]);
    expect(namesBy("subject", "descending")).toEqual(["peer 10", "peer 9", "alice"]);
  });

  it.each<[Column, string]>([
    ["packetRate", "alice"],
    ["byteRate", "peer 10"],
    ["quiet", "alice"],
    ["from", "alice"],
    ["to", "peer 10"],
    ["dropped", "alice"],
    ["address", "peer 9"],
    ["path", "peer 9"],
    ["expires", "peer 10"],
  ])("by %s begins with %s when it descends", (column, first) => {
    expect(namesBy(column, "descending")[0]).toBe(first);
  });

  it("turns with a second click and is taken back by a third", () => {
    const first = nextOrder(undefined, "to");
    expect(first).toEqual({ column: "to", direction: "descending" });
    const second = nextOrder(first, "to");
    expect(second).toEqual({ column: "to", direction: "ascending" });
    expect(nextOrder(second, "to")).toBeUndefined();
    expect(nextOrder(second, "subject")).toEqual({ column: "subject", direction: "ascending" });
  });

  it("counts what was dropped for whatever reason", () => {
    expect(sessions.map(droppedOf)).toEqual([0, 0, 3]);
  });
});
