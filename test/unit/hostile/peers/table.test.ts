import { describe, expect, it } from "vitest";
import { head, line } from "../../../../scripts/hostile/peers/table.ts";
import { calm, flooded } from "./sight.ts";

const cells = (text: string): string[] => text.trimEnd().split(/ {2,}/);

describe("the table of floods", () => {
  it("has what the hostile peer did, and what it cost beside the control", () => {
    const sight = { ...flooded, honest: { ...flooded.honest, echoMs: [4, 4, 4, 110], unanswered: 1 } };
    expect(line("PING", sight, calm, "holds", 2000).replaceAll(/ +/g, " ").trim()).toBe(
      "PING 10K/s 3 2×0xa 0.50 0.10 0.0 MB 1.0 MB 4.0 ms 2.0× none none 2/5 20.0 ms holds",
    );
  });

  it("has no hostile peer in the control", () => {
    expect(line("calm", calm, calm, "", 2000).replaceAll(/ +/g, " ").trim()).toBe(
      "calm 0.10 0.0 MB 1.0 MB 2.0 ms 1.0× 3.0 ms 3.0 ms 0/4 20.0 ms",
    );
  });

  it("has a name for each column", () => {
    const names = head().trim().split(/\s+/);
    expect(names).toHaveLength(15);
    expect(cells(head())[0]).toBe("flood");
  });
});
