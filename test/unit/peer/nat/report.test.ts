import { describe, expect, it } from "vitest";
import { isHard, judgeNat, unknownNat } from "../../../../src/peer/nat/report.ts";

const address = "203.0.113.7";
const first = { address, port: 40_000 };

describe("a NAT judged by two mappings", () => {
  it.each([
    [40_000, { kind: "endpoint-independent" }],
    [40_001, { kind: "sequential", ports: { base: 40_001, step: 1 } }],
    [39_998, { kind: "sequential", ports: { base: 39_998, step: -2 } }],
    [40_016, { kind: "sequential", ports: { base: 40_016, step: 16 } }],
    [40_017, { kind: "random" }],
    [1024, { kind: "random" }],
  ])("with the second at port %i", (port, report) => {
    expect(judgeNat(first, { address, port })).toEqual(report);
  });

  it("is random with two addresses, whatever the ports", () => {
    expect(judgeNat(first, { address: "203.0.113.8", port: 40_000 })).toEqual({ kind: "random" });
  });

  it("is the same by an IPv4-mapped address", () => {
    expect(judgeNat(first, { address: `::ffff:${address}`, port: 40_000 }).kind).toBe("endpoint-independent");
  });

  it("is hard with another port for each destination, and not where nothing is known", () => {
    const kinds = ["sequential", "random", "endpoint-independent"] as const;
    expect(kinds.map((kind) => isHard({ kind }))).toEqual([true, true, false]);
    expect(isHard(unknownNat)).toBe(false);
  });
});
