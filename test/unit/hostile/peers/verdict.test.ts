import { describe, expect, it } from "vitest";
import type { Sight } from "../../../../scripts/hostile/peers/attacked-accepter.ts";
import type { Flood } from "../../../../scripts/hostile/peers/floods.ts";
import { judge } from "../../../../scripts/hostile/peers/verdict.ts";
import { calm, flooded } from "./sight.ts";

const MiB = 2 ** 20;
const flood: Flood = { name: "PING", judgement: "unjudged", level: "application", frames: "ping" };

const keeping = (bytes: number): Sight => ({ ...flooded, keptBytes: bytes * MiB });

describe("the verdict on a flood", () => {
  it("holds where the accepter and its honest peers notice little", () => {
    expect(judge(flood, { ...flooded, keptBytes: 8 * MiB, peakBytes: 64 * MiB })).toEqual([]);
  });

  it("tells each fault", () => {
    const sight = {
      ...calm,
      isAlive: false,
      faults: 1,
      keptBytes: 9 * MiB,
      peakBytes: 65 * MiB,
      honest: { echoMs: [1, 101, 102], unanswered: 0, dialMs: [], undialed: 1, ended: 2 },
    };
    expect(judge(flood, sight)).toEqual([
      "a process ended",
      "1 faults of the engine",
      "it keeps too much memory",
      "memory grew",
      "the median echo took 101 ms",
      "2 honest connections ended",
      "the hostile peer did nothing",
    ]);
  });

  it("grants a trusted peer the flow control window, and first flights a connection each", () => {
    const trusted: Flood = { ...flood, judgement: "trusted" };
    const flights: Flood = { ...flood, frames: "none" };
    expect([judge(trusted, keeping(24)), judge(flights, keeping(36))]).toEqual([[], []]);
    expect([judge(trusted, keeping(25)), judge(flights, keeping(37))].flat()).toHaveLength(2);
  });

  it("takes messages without an answer for endless ones, and does not hold where nothing was seen", () => {
    const unanswered = { ...flooded, honest: { ...calm.honest, unanswered: 5 } };
    const blind = { ...flooded, honest: { ...calm.honest, echoMs: [] } };
    for (const sight of [unanswered, blind])
      expect(judge(flood, sight)).toEqual(["the median echo took Infinity ms"]);
  });
});
