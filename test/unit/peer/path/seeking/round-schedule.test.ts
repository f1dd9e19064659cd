import { describe, expect, it } from "vitest";
import { RoundSchedule } from "../../../../../src/peer/path/seeking/round-schedule.ts";

const hour = 3_600_000;

/** Times of the rounds until a time, if the schedule is asked when it wants to be. */
function roundsUntil(endMs: number, schedule: RoundSchedule): number[] {
  const rounds: number[] = [];
  for (let ms = schedule.nextMs; ms <= endMs; ms = schedule.nextMs)
    if (schedule.take(ms, false)) rounds.push(ms);
  return rounds;
}

function started(): RoundSchedule {
  const schedule = new RoundSchedule();
  schedule.start(0);
  return schedule;
}

describe("the schedule of rounds", () => {
  it("has none before the start", () => {
    const schedule = new RoundSchedule();
    expect([schedule.nextMs, schedule.isStarted, schedule.take(hour, false)]).toEqual([
      Infinity,
      false,
      false,
    ]);
  });

  it("has rounds at 0, 5 and 15 s, then each minute", () => {
    expect(roundsUntil(200_000, started())).toEqual([0, 5000, 15_000, 75_000, 135_000, 195_000]);
  });

  it("has one an hour while the relay carries nothing, and each minute when it does again", () => {
    const schedule = started();
    schedule.setActive(false);
    expect(roundsUntil(2 * hour, schedule)).toEqual([0, hour, 2 * hour]);
    schedule.setActive(true);
    expect(schedule.nextMs).toBe(2 * hour + 60_000);
  });

  it("has one at once on request", () => {
    const schedule = started();
    roundsUntil(15_000, schedule);
    schedule.request(30_000);
    expect([schedule.nextMs, schedule.take(30_000, true)]).toEqual([30_000, true]);
    expect(schedule.nextMs).toBe(90_000);
  });

  it("has 4 a minute at most, and then the one that was refused", () => {
    const schedule = started();
    const begun = roundsUntil(15_000, schedule);
    for (const ms of [20_000, 21_000, 22_000]) {
      schedule.request(ms);
      if (schedule.take(ms, false)) begun.push(ms);
    }
    expect([begun, schedule.refused]).toEqual([[0, 5000, 15_000, 20_000], 2]);
    expect([schedule.nextMs, schedule.take(59_999, false), schedule.take(60_000, false)]).toEqual([
      60_000,
      false,
      true,
    ]);
    expect(schedule.refused).toBe(2);
  });

  it("counts a scheduled round that the limit holds back", () => {
    const schedule = started();
    for (const ms of [0, 1000, 2000, 3000]) {
      schedule.request(ms);
      schedule.take(ms, false);
    }
    expect([schedule.take(5000, false), schedule.refused, schedule.nextMs]).toEqual([false, 1, 15_000]);
  });

  it("leaves out a scheduled round while one is open", () => {
    const schedule = started();
    schedule.take(0, false);
    schedule.request(4990);
    schedule.take(4990, false);
    expect([schedule.take(5000, true), schedule.nextMs]).toEqual([false, 15_000]);
  });

  it("has the first rounds again after another start", () => {
    const schedule = started();
    roundsUntil(200_000, schedule);
    schedule.start(300_000);
    expect(roundsUntil(380_000, schedule)).toEqual([300_000, 305_000, 315_000, 375_000]);
  });
});
