import { describe, expect, it } from "vitest";
import { StreamEnds } from "../../../../src/peer/engine/ends.ts";

const roundTripMs = 100;

describe("the ends of streams", () => {
  it("go out with data that no packet has taken along yet", () => {
    const ends = new StreamEnds();
    ends.wrote(4);
    expect([ends.hasCompany(4), ends.hasCompany(8)]).toEqual([true, false]);
    ends.onSend();
    expect(ends.hasCompany(4)).toBe(false);
  });

  it("wait until nothing is in flight", () => {
    const ends = new StreamEnds();
    ends.wait(4, 0);
    ends.wait(8, 10);
    expect(ends.release(false, 50, roundTripMs)).toEqual([]);
    expect([ends.isEmpty, ends.areWaiting]).toEqual([false, true]);
    expect(ends.release(true, 50, roundTripMs)).toEqual([4, 8]);
    expect([ends.isEmpty, ends.areWaiting]).toEqual([false, false]);
    expect(ends.release(true, 60, roundTripMs)).toEqual([]);
    expect(ends.isEmpty).toBe(true);
  });

  it("put reads of their streams off while they are in flight, and say when to make them", () => {
    const ends = new StreamEnds();
    ends.wait(4, 0);
    expect(ends.delaysRead(4)).toBe(false);
    ends.release(true, 0, roundTripMs);
    expect([ends.delaysRead(4), ends.delaysRead(8)]).toEqual([true, false]);
    ends.release(false, 10, roundTripMs);
    expect([ends.delaysRead(4), ends.mayResume]).toEqual([true, false]);
    ends.release(true, 20, roundTripMs);
    expect([ends.delaysRead(4), ends.mayResume]).toEqual([false, true]);
    ends.resumed();
    expect(ends.mayResume).toBe(false);
  });

  it("resume only reads that were put off", () => {
    const ends = new StreamEnds();
    ends.wait(4, 0);
    ends.release(true, 0, roundTripMs);
    ends.release(true, 10, roundTripMs);
    expect(ends.mayResume).toBe(false);
  });

  it("go out after three round trips of a line that is never quiet, and count as arrived after as many", () => {
    const ends = new StreamEnds();
    const released: [number, number[]][] = [];
    const delayed: number[] = [];
    ends.wait(4, 0);
    for (let nowMs = 0; nowMs <= 700; nowMs += 50) {
      ends.onReceive(nowMs, roundTripMs);
      const ids = ends.release(false, nowMs, roundTripMs);
      if (ids.length > 0) released.push([nowMs, ids]);
      if (ends.delaysRead(4)) delayed.push(nowMs);
    }
    expect(released).toEqual([[300, [4]]]);
    expect([delayed[0], delayed.at(-1)]).toEqual([300, 550]);
  });

  it("do not take silence for a sign that all has arrived, nor what comes right after it", () => {
    const ends = new StreamEnds();
    ends.onReceive(0, roundTripMs);
    ends.wait(4, 0);
    expect(ends.release(false, 5000, roundTripMs)).toEqual([]);
    ends.onReceive(5000, roundTripMs);
    expect(ends.release(false, 5000, roundTripMs)).toEqual([]);
    for (let nowMs = 5100; nowMs < 5300; nowMs += 100) ends.onReceive(nowMs, roundTripMs);
    expect(ends.release(false, 5299, roundTripMs)).toEqual([]);
    ends.onReceive(5300, roundTripMs);
    expect(ends.release(false, 5300, roundTripMs)).toEqual([4]);
  });
});
