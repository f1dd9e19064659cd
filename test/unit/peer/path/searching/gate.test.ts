import { describe, expect, it } from "vitest";
import { searchGapMs, searchRestMs, searchTries } from "../../../../../src/defaults/index.ts";
import { SearchGate } from "../../../../../src/peer/path/searching/gate.ts";

const [ip, otherIp] = ["192.0.2.1", "192.0.2.2"];
const [alice, bob] = ["the pin of alice", "the pin of bob"];

/** Whether a search may begin. One that begins is over at once. */
function mayBegin(gate: SearchGate, names: string[], nowMs: number, isSpent = true): boolean {
  const turn = gate.enter(names, nowMs);
  if (isSpent) turn?.spend();
  turn?.leave();
  return turn !== undefined;
}

describe("searches of a thread", () => {
  it("are one at a time, however long that takes", () => {
    const gate = new SearchGate();
    const turn = gate.enter([ip, alice], 0)!;
    expect(mayBegin(gate, [otherIp, bob], 2 * searchGapMs)).toBe(false);
    expect(gate.waitMs([otherIp, bob], 2 * searchGapMs)).toBeGreaterThan(0);
    turn.leave();
    expect(mayBegin(gate, [otherIp, bob], 2 * searchGapMs)).toBe(true);
  });

  it("are one a minute, whoever asks for them", () => {
    const gate = new SearchGate();
    let begun = 0;
    for (let nowMs = 0; nowMs < 10 * 60_000; nowMs += 1000)
      if (mayBegin(gate, [`192.0.2.${begun}`, `pin ${begun}`], nowMs)) begun++;
    expect(begun).toBe(10);
  });

  it.each([
    ["an IP address", [ip, alice], [ip, bob]],
    ["a peer", [ip, alice], [otherIp, alice]],
  ])("leave %s alone for 10 minutes", (_case, first, second) => {
    const gate = new SearchGate();
    expect(mayBegin(gate, first, 0)).toBe(true);
    expect([gate.waitMs(second, 1), gate.waitMs(second, searchRestMs - 1)]).toEqual([Infinity, Infinity]);
    expect(mayBegin(gate, second, searchRestMs - 1)).toBe(false);
    expect(mayBegin(gate, second, searchRestMs)).toBe(true);
  });

  it("of which the other side does not do its part are three in that time", () => {
    const gate = new SearchGate();
    let begun = 0;
    for (let nowMs = 0; nowMs < searchRestMs; nowMs += 1000)
      if (mayBegin(gate, [ip, alice], nowMs, false)) begun++;
    expect(begun).toBe(searchTries);
    expect(gate.waitMs([ip, alice], searchRestMs - 1)).toBe(Infinity);
    expect(mayBegin(gate, [ip, alice], searchRestMs)).toBe(true);
  });

  it("tell how long to wait for one", () => {
    const gate = new SearchGate();
    expect(gate.waitMs([ip, alice], 0)).toBe(0);
    gate.enter([ip, alice], 0)!.leave();
    expect(gate.waitMs([otherIp, bob], 1000)).toBe(searchGapMs - 1000);
    expect(gate.waitMs([otherIp, bob], searchGapMs)).toBe(0);
  });
});
