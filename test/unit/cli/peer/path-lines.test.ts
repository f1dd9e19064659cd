import { describe, expect, it } from "vitest";
import { formatMs, PathLines } from "../../../../src/cli/peer/path-lines.ts";
import type { ConnectionPath } from "../../../../src/peer/index.ts";

const relay: ConnectionPath = {
  kind: "relay",
  remote: "192.0.2.1:4433",
  family: "IPv4",
  rttMs: 24.2,
  since: 0,
  isMirrored: false,
};
const remote = "[2001:db8::7]:51820";
const direct: ConnectionPath = { ...relay, kind: "direct", remote, family: "IPv6", rttMs: 9 };

describe("the lines about a connection's paths", () => {
  it("tell the change to a direct path, and what was gained when", () => {
    const lines = new PathLines(relay);
    expect(lines.first).toBeUndefined();
    expect(lines.lineFor({ kind: "opened", remote }, relay, 50)).toBeUndefined();
    expect(lines.lineFor({ kind: "selected", remote, rttMs: 9 }, direct, 61.4)).toBe(
      "relay 24 ms → direct [2001:db8::7]:51820 9 ms (61 ms after connect)",
    );
  });

  it("tell doubt, its end, and the way back to the relay with its reason", () => {
    const lines = new PathLines(relay);
    lines.lineFor({ kind: "selected", remote, rttMs: 9 }, direct, 60);
    expect(lines.lineFor({ kind: "suspect", remote }, direct, 1000)).toBe("direct path in doubt");
    expect(lines.lineFor({ kind: "selected", remote, rttMs: 9 }, direct, 1100)).toBe(
      "direct path answers again: [2001:db8::7]:51820 9 ms",
    );
    expect(lines.lineFor({ kind: "lost", remote, reason: "checks-timeout" }, relay, 2000)).toBe(
      "back to the relay: the direct path does not answer (checks-timeout)",
    );
    expect(lines.lineFor({ kind: "selected", remote, rttMs: 8 }, direct, 7000)).toMatch(
      /^relay 24 ms → direct/,
    );
  });

  it("tell a change from one direct path to another", () => {
    const lines = new PathLines(direct);
    expect(lines.first).toBe("direct [2001:db8::7]:51820 9 ms");
    const event = { kind: "selected", remote: "192.0.2.7:9", rttMs: 0.42 } as const;
    expect(lines.lineFor(event, direct, 5000)).toBe(
      "direct [2001:db8::7]:51820 9 ms → direct 192.0.2.7:9 0.4 ms (5000 ms after connect)",
    );
  });

  it("tell why there is no direct path, whether that is known at once or later", () => {
    const line = "relay only: both NATs have another port for each destination (nat-hard-both)";
    const reason = "nat-hard-both";
    expect(new PathLines({ ...relay, reason }).first).toBe(line);
    expect(new PathLines(relay).lineFor({ kind: "refused", reason }, relay, 3000)).toBe(line);
  });

  it("have one decimal below 10 ms, unless it is 0", () => {
    expect([0.04, 0.42, 9, 9.96, 24.2].map(formatMs)).toEqual(["0 ms", "0.4 ms", "9 ms", "10 ms", "24 ms"]);
  });
});
