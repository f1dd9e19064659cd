import { describe, expect, it } from "vitest";
import { PathWatch } from "../../../../../src/peer/path/keeping/watch.ts";

const rttMs = 20;

/** A path whose checks are answered after a round trip, as long as it is alive. */
class Rig {
  readonly watch: PathWatch = new PathWatch(rttMs, true, 0);
  isAlive = true;
  /** Whether something of the other side comes by the relay all the time. */
  isHeard = false;
  rttMs = rttMs;
  nowMs = 0;
  checks: number[] = [];
  #answers: { sentAtMs: number; atMs: number }[] = [];

  /** Runs until a time, and has data move every `dataMs`. */
  runTo(endMs: number, dataMs: number = Infinity): void {
    for (; this.nowMs < endMs; this.nowMs++) {
      if (this.nowMs % dataMs === 0) this.watch.moved(this.nowMs);
      if (this.isHeard) this.watch.heardByRelay(this.nowMs);
      for (const { sentAtMs } of this.#answers.filter(({ atMs }) => atMs === this.nowMs))
        this.watch.answered(sentAtMs, this.nowMs);
      if (this.nowMs >= this.watch.deadlineMs && this.watch.advance(this.nowMs)) this.#send();
    }
  }

  #send(): void {
    this.checks.push(this.nowMs);
    if (this.isAlive) this.#answers.push({ sentAtMs: this.nowMs, atMs: this.nowMs + this.rttMs });
  }
}

describe("a path that carries data", () => {
  it("is checked once a second, and trusted while it answers", () => {
    const rig = new Rig();
    rig.runTo(10_001, 10);
    expect(rig.checks).toEqual([1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000, 9000, 10_000]);
    expect(rig.watch.standing).toBe("trusted");
    expect(rig.watch.rttMs).toBeCloseTo(rttMs);
  });

  it("is suspect after one check without an answer, and trusted again after two answers", () => {
    const rig = new Rig();
    rig.isAlive = false;
    rig.runTo(1251, 10);
    expect(rig.watch.standing).toBe("suspect");
    rig.isAlive = true;
    rig.runTo(1300, 10);
    expect(rig.watch.standing).toBe("suspect");
    rig.runTo(1400, 10);
    expect(rig.watch.standing).toBe("trusted");
  });

  it("is suspect at once when packets go unanswered", () => {
    const rig = new Rig();
    rig.runTo(500, 10);
    rig.watch.doubt(500);
    expect(rig.watch.standing).toBe("suspect");
    expect(rig.watch.deadlineMs).toBeLessThanOrEqual(500);
  });

  it("takes twice as many answers each time where it is doubted again within 2 s, 16 at most", () => {
    const rig = new Rig();
    const checks = [1, 2, 3, 4, 5].map(() => {
      const before = rig.checks.length;
      rig.watch.doubt(rig.nowMs);
      while (rig.watch.standing === "suspect") rig.runTo(rig.nowMs + 1, 10);
      return rig.checks.length - before;
    });
    expect(checks).toEqual([2, 4, 8, 16, 16]);
    rig.runTo(rig.nowMs + 2000, 10);
    const before = rig.checks.length;
    rig.watch.doubt(rig.nowMs);
    while (rig.watch.standing === "suspect") rig.runTo(rig.nowMs + 1, 10);
    expect(rig.checks.length - before).toBe(2);
  });

  it("is lost after four checks in doubt without an answer, if the other side is heard by the relay", () => {
    const rig = new Rig();
    rig.isAlive = false;
    rig.isHeard = true;
    rig.watch.doubt(0);
    rig.runTo(299, 10);
    expect(rig.checks.slice(0, 4)).toEqual([0, 50, 100, 150]);
    expect(rig.watch.standing).toBe("suspect");
    rig.runTo(302, 10);
    expect(rig.watch.standing).toBe("lost");
    expect(rig.watch.deadlineMs).toBe(Infinity);
  });

  it("stays suspect as long as nothing at all comes from the other side", () => {
    const rig = new Rig();
    rig.isAlive = false;
    rig.watch.doubt(0);
    rig.runTo(4000, 10);
    expect(rig.watch.standing).toBe("suspect");
    rig.isHeard = true;
    rig.runTo(4220, 10);
    expect(rig.watch.standing).toBe("lost");
  });

  it("is lost for checks since which the other side was heard by the relay, and for no others", () => {
    const rig = new Rig();
    rig.isAlive = false;
    rig.watch.doubt(0);
    rig.runTo(120, 10);
    rig.watch.heardByRelay(120);
    rig.runTo(2000, 10);
    expect(rig.watch.standing).toBe("suspect");
    rig.watch.heardByRelay(2000);
    rig.runTo(2160, 10);
    expect(rig.watch.standing).toBe("lost");
  });

  it("is not lost for a silence of both ways that begins just after something came by the relay", () => {
    const rig = new Rig();
    rig.watch.doubt(0);
    rig.isHeard = true;
    rig.runTo(30, 10);
    [rig.isAlive, rig.isHeard] = [false, false];
    rig.runTo(4000, 10);
    expect(rig.watch.standing).toBe("suspect");
  });

  it("is not lost while answers come late, and trusted once it is known how long they take", () => {
    const rig = new Rig();
    rig.watch.doubt(0);
    rig.isHeard = true;
    rig.rttMs = 200;
    rig.runTo(3000, 10);
    expect(rig.watch.standing).toBe("trusted");
    expect(rig.watch.rttMs).toBeGreaterThan(100);
  });

  it("is given two round trips where they are long", () => {
    const watch = new PathWatch(150, true, 0);
    watch.doubt(0);
    for (let nowMs = 0; nowMs < 449; nowMs++) {
      watch.heardByRelay(nowMs);
      watch.advance(nowMs);
    }
    expect(watch.standing).toBe("suspect");
    watch.advance(450);
    expect(watch.standing).toBe("lost");
  });

  it("is lost if one says so", () => {
    const rig = new Rig();
    rig.watch.lose();
    rig.runTo(2000, 10);
    expect(rig.watch.standing).toBe("lost");
    expect(rig.checks).toEqual([]);
  });
});

describe("a path without data", () => {
  it("is parked after 5 s, and checked every 15 s for two minutes", () => {
    const rig = new Rig();
    rig.runTo(4999);
    expect(rig.watch.standing).toBe("trusted");
    rig.runTo(200_000);
    expect(rig.watch.standing).toBe("parked");
    const parked = rig.checks.filter((at) => at >= 5000);
    expect(parked.length).toBeGreaterThanOrEqual(7);
    expect(Math.max(...parked)).toBeLessThanOrEqual(120_000);
    expect(rig.watch.deadlineMs).toBe(Infinity);
  });

  it("is not lost by checks without an answer", () => {
    const rig = new Rig();
    rig.isAlive = false;
    rig.runTo(900);
    rig.isHeard = true;
    rig.isAlive = true;
    rig.runTo(6000);
    rig.isAlive = false;
    rig.runTo(100_000);
    expect(rig.watch.standing).toBe("parked");
  });

  it("is asked before it is used alone: the next data makes it suspect, and two answers trusted", () => {
    const rig = new Rig();
    rig.runTo(300_000);
    rig.watch.moved(300_000);
    expect(rig.watch.standing).toBe("suspect");
    rig.runTo(300_069, 10);
    expect(rig.watch.standing).toBe("suspect");
    rig.runTo(300_072, 10);
    expect(rig.watch.standing).toBe("trusted");
  });
});

describe("consent to packets", () => {
  it("lasts 30 s from the last answer, also of a path in doubt", () => {
    const rig = new Rig();
    rig.runTo(2000, 10);
    rig.isAlive = false;
    rig.runTo(31_015, 10);
    expect([rig.watch.standing, rig.watch.hasConsent]).toEqual(["suspect", true]);
    rig.runTo(31_025, 10);
    expect(rig.watch.hasConsent).toBe(false);
    rig.isAlive = true;
    rig.runTo(31_200, 10);
    expect([rig.watch.standing, rig.watch.hasConsent]).toEqual(["trusted", true]);
  });

  it("of a parked path is kept by the checks of the other side, where that one sends them", () => {
    const watch = new PathWatch(rttMs, false, 0);
    let checks = 0;
    for (let nowMs = 0; nowMs <= 100_000; nowMs += 100) {
      if (nowMs % 15_000 === 0) watch.checked(nowMs);
      if (nowMs >= watch.deadlineMs && watch.advance(nowMs) && nowMs > 6000) checks++;
    }
    expect([watch.standing, watch.hasConsent, checks]).toEqual(["parked", true, 0]);
    watch.advance(120_100);
    expect(watch.hasConsent).toBe(false);
  });

  it("of a parked path is kept by its checks for two minutes, and then ends", () => {
    const rig = new Rig();
    rig.runTo(130_000);
    expect(rig.watch.hasConsent).toBe(true);
    rig.runTo(151_000);
    expect([rig.watch.standing, rig.watch.hasConsent]).toEqual(["parked", false]);
  });
});

describe("an answer", () => {
  it("to a check that is forgotten, or that was answered, counts for nothing", () => {
    const watch = new PathWatch(rttMs, true, 0);
    watch.doubt(0);
    watch.advance(0);
    watch.answered(0, 20);
    watch.answered(0, 21);
    watch.answered(7, 22);
    expect(watch.standing).toBe("suspect");
  });
});
