import { describe, expect, it } from "vitest";
import { searchRestMs } from "../../../../../src/defaults/index.ts";
import { SearchGate } from "../../../../../src/peer/path/searching/gate.ts";

describe("searches of a process", () => {
  it("are one at a time", () => {
    const gate = new SearchGate();
    const leave = gate.enter("192.0.2.1", 0)!;
    expect(gate.enter("192.0.2.2", 1)).toBeUndefined();
    leave();
    expect(gate.enter("192.0.2.2", 2)).toBeDefined();
  });

  it("leave an IP address alone for 10 minutes", () => {
    const gate = new SearchGate();
    gate.enter("192.0.2.1", 0)!();
    gate.enter("192.0.2.2", 5)!();
    expect(gate.enter("192.0.2.1", searchRestMs - 1)).toBeUndefined();
    gate.enter("192.0.2.1", searchRestMs)!();
    expect(gate.enter("192.0.2.2", searchRestMs)).toBeUndefined();
  });
});
