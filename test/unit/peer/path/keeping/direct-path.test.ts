import { describe, expect, it } from "vitest";
import {
  DirectPath,
  type DirectPathActions,
  type PathFigures,
} from "../../../../../src/peer/path/keeping/direct-path.ts";
import type { Address } from "../../../../../src/wire/address.ts";

const first: Address = { address: "192.0.2.7", port: 7000 };
const second: Address = { address: "192.0.2.8", port: 8000 };

/** A direct path whose actions are written down. */
class Rig {
  readonly done: string[] = [];
  readonly path: DirectPath;
  canOpen = true;
  figures: { -readonly [Name in keyof PathFigures]: PathFigures[Name] } = {
    relayReceived: 0,
    bytes: 0,
    packetsSent: 0,
    packetsLost: 0,
  };

  constructor(role: "client" | "server" = "client") {
    this.path = new DirectPath(role, this.#actions());
  }

  /** Takes an address and opens the path, at once. */
  select(rttMs: number = 10, nowMs: number = 0): void {
    this.path.take({ address: first, rttMs }, nowMs);
    this.path.opened(nowMs);
  }

  /** Has data move, by packets that get lost or do not, to an address that answers its checks. */
  run(fromMs: number, toMs: number, address: Address, isLost: boolean = false): void {
    for (let nowMs = fromMs; nowMs < toMs; nowMs += 10) {
      this.figures.bytes += 1200;
      this.figures.packetsSent++;
      if (isLost) this.figures.packetsLost++;
      if (nowMs < this.path.deadlineMs) continue;
      this.path.advance(nowMs);
      this.path.answered(address, nowMs, nowMs + 5);
    }
  }

  /** Returns what was done since the last call. */
  taken(): string[] {
    return this.done.splice(0);
  }

  #actions(): DirectPathActions {
    const note =
      (name: string) =>
      (...values: unknown[]): void =>
        void this.done.push([name, ...values.map(textOf)].join(" "));
    return {
      check: (to) => note("check")(to),
      open: () => {
        this.done.push("open");
        return this.canOpen;
      },
      close: note("close"),
      prefer: note("prefer"),
      route: ({ direct, isMirrored }) =>
        void this.done.push(`route ${textOf(direct)}${isMirrored ? " and relay" : ""}`),
      askByRelay: note("ask by relay"),
      figures: () => ({ ...this.figures }),
      selected: ({ address }) => note("selected")(address),
      standing: note("standing"),
      left: (reason, remote) => note("left")(reason, remote),
    };
  }
}

function textOf(value: unknown): string {
  return typeof value === "object" && value !== null ? String((value as Address).port) : String(value);
}

describe("a path that is opened", () => {
  it("is opened by the client, and preferred once it carries packets", () => {
    const rig = new Rig();
    rig.path.take({ address: first, rttMs: 10 }, 0);
    expect(rig.taken()).toEqual(["open", "route 7000"]);
    rig.path.opened(20);
    expect(rig.taken()).toEqual(["selected 7000", "prefer direct", "route 7000", "standing trusted"]);
    expect(rig.path.phase).toBe("open");
  });

  it("is not opened by a server, which waits for the client's", () => {
    const rig = new Rig("server");
    rig.path.take({ address: first, rttMs: 10 }, 0);
    expect(rig.taken()).toEqual([]);
    rig.path.opened(20);
    expect(rig.taken()).toContain("prefer direct");
  });

  it("is preferred by a server also if it was opened before the address was proven", () => {
    const rig = new Rig("server");
    rig.path.opened(0);
    expect(rig.taken()).toEqual([]);
    rig.path.take({ address: first, rttMs: 10 }, 5);
    expect(rig.taken()).toContain("prefer direct");
  });

  it("is tried again where the other side has not issued connection IDs yet", () => {
    const rig = new Rig();
    rig.canOpen = false;
    rig.path.take({ address: first, rttMs: 10 }, 0);
    expect(rig.path.deadlineMs).toBe(100);
    rig.canOpen = true;
    rig.path.advance(100);
    expect(rig.taken().filter((line) => line === "open")).toHaveLength(2);
    expect(rig.path.deadlineMs).toBe(5000);
    rig.path.advance(5000);
    expect(rig.taken()).toContain("close");
  });

  it("that QUIC gives up leaves room for another", () => {
    const rig = new Rig();
    rig.path.take({ address: first, rttMs: 10 }, 0);
    rig.path.closed(3000);
    expect(rig.path.isFree).toBe(true);
    expect(rig.path.remote).toBeUndefined();
  });
});

describe("a path in use", () => {
  it("has its packets go both ways while it is in doubt", () => {
    const rig = new Rig();
    rig.select();
    rig.taken();
    rig.path.stalled(100);
    expect(rig.taken()).toEqual(["route 7000 and relay", "standing suspect"]);
    rig.path.advance(100);
    expect(rig.taken()).toEqual(["check 7000", "ask by relay"]);
    rig.path.answered(first, 100, 110);
    rig.path.advance(150);
    rig.path.answered(first, 150, 160);
    expect(rig.taken().slice(-2)).toEqual(["route 7000", "standing trusted"]);
  });

  it("is left when checks go unanswered and the other side is heard by the relay, and closed a second later", () => {
    const rig = new Rig();
    rig.select();
    rig.path.stalled(100);
    for (let nowMs = 100; nowMs <= 400; nowMs += 50) {
      rig.figures.relayReceived++;
      rig.path.advance(nowMs);
    }
    const done = rig.taken();
    expect(done.slice(-3)).toEqual(["prefer relay", "route undefined", "left checks-timeout 7000"]);
    expect(rig.path.deadlineMs).toBe(1400);
    rig.path.advance(1399);
    expect(rig.taken()).toEqual([]);
    rig.path.advance(1400);
    expect(rig.taken()).toEqual(["close"]);
    rig.path.closed(1410);
    expect(rig.path.isFree).toBe(true);
  });

  it("is not left for what came by the relay before the doubt", () => {
    const rig = new Rig();
    rig.select();
    rig.figures.relayReceived = 1;
    rig.path.stalled(100);
    for (let nowMs = 100; nowMs <= 900; nowMs += 50) rig.path.advance(nowMs);
    expect(rig.taken()).not.toContain("left checks-timeout 7000");
  });

  it("is not left for what came by the relay before the last answer", () => {
    const rig = new Rig();
    rig.select();
    rig.path.stalled(100);
    rig.path.advance(100);
    rig.figures.relayReceived = 1;
    rig.path.answered(first, 100, 105);
    for (let nowMs = 150; nowMs <= 900; nowMs += 50) rig.path.advance(nowMs);
    expect(rig.taken()).not.toContain("left checks-timeout 7000");
  });

  it("is never closed by a server", () => {
    const rig = new Rig("server");
    rig.path.opened(0);
    rig.path.take({ address: first, rttMs: 10 }, 0);
    rig.path.gone(100);
    expect(rig.path.deadlineMs).toBe(Infinity);
    rig.path.advance(5000);
    expect(rig.taken()).not.toContain("close");
  });

  it("is in doubt if data of the other side comes by the relay, but not by a PING", () => {
    const rig = new Rig();
    rig.select();
    rig.taken();
    rig.figures.bytes = 100;
    rig.path.detoured(310);
    expect(rig.taken()).toEqual([]);
    rig.figures.bytes = 1300;
    rig.path.detoured(320);
    expect(rig.taken()).toContain("standing suspect");
  });

  it("is in no doubt while the other side may still be proving the address", () => {
    const rig = new Rig();
    rig.select();
    rig.taken();
    rig.figures.bytes = 1300;
    rig.path.detoured(299);
    expect(rig.taken()).toEqual([]);
  });

  it("is in no doubt for 2 s after it has answered, although the other side's packets still take both ways", () => {
    const rig = new Rig();
    rig.select();
    rig.path.stalled(500);
    for (const nowMs of [500, 550]) {
      rig.path.advance(nowMs);
      rig.path.answered(first, nowMs, nowMs + 10);
    }
    rig.taken();
    for (const [nowMs, standing] of [
      [2559, undefined],
      [2560, "standing suspect"],
    ] as const) {
      rig.figures.bytes += 1300;
      rig.path.detoured(nowMs);
      expect(rig.taken().at(-1)).toBe(standing);
    }
  });

  it("is parked after 5 s of silence: what comes next goes both ways", () => {
    const rig = new Rig();
    rig.select();
    rig.taken();
    for (let nowMs = 0; nowMs <= 5000; nowMs += 10)
      if (nowMs >= rig.path.deadlineMs) {
        rig.path.advance(nowMs);
        rig.path.answered(first, nowMs, nowMs + 5);
      }
    expect(rig.taken().slice(-2)).toEqual(["route 7000 and relay", "standing parked"]);
    rig.figures.bytes = 5000;
    rig.path.mirrored(60_000);
    expect(rig.taken()).toContain("standing suspect");
  });

  it("gets nothing but checks when it has not answered for 30 s, until it does again", () => {
    const rig = new Rig();
    rig.select();
    rig.path.stalled(100);
    rig.taken();
    for (let nowMs = 100; nowMs <= 30_000; nowMs += 50) {
      rig.figures.bytes += 1000;
      rig.path.advance(nowMs);
    }
    const done = rig.taken();
    expect(done.slice(done.indexOf("prefer relay"))).toEqual([
      "prefer relay",
      "route undefined and relay",
      "standing suspect",
    ]);
    rig.path.advance(30_050);
    expect(rig.taken()).toContain("check 7000");
    rig.path.answered(first, 30_050, 30_060);
    expect(rig.taken()).toEqual(["prefer direct", "route 7000 and relay", "standing suspect"]);
  });

  it("is left if it loses more than a tenth of its packets over 10 s", () => {
    const rig = new Rig();
    rig.select();
    for (let nowMs = 0; nowMs <= 11_000; nowMs += 10) {
      rig.figures.bytes += 1200;
      rig.figures.packetsSent += 1;
      rig.figures.packetsLost = Math.floor(rig.figures.packetsSent / 9);
      if (nowMs < rig.path.deadlineMs) continue;
      rig.path.advance(nowMs);
      rig.path.answered(first, nowMs, nowMs + 5);
    }
    expect(rig.taken()).toContain("left lossy 7000");
  });

  it("is left if the other side says so", () => {
    const rig = new Rig();
    rig.select();
    rig.path.gone(50);
    expect(rig.taken()).toContain("left checks-timeout 7000");
  });
});

/** A path that has changed after 5 s from the first address, which has not answered its last check, to the second. */
function changed(role: "client" | "server", isSuspect: boolean): Rig {
  const rig = new Rig(role);
  rig.select(60);
  rig.run(0, 5000, first);
  rig.path.advance(5000);
  if (isSuspect) rig.path.stalled(5000);
  rig.taken();
  rig.path.advance(5000);
  if (role === "client") rig.path.consider({ address: second, rttMs: 20 }, 5020);
  else rig.path.take({ address: second, rttMs: 20 }, 5020);
  return rig;
}

describe("of two addresses that answer", () => {
  it("the one in doubt is neither trusted nor kept for answers and checks of the other", () => {
    const rig = new Rig();
    rig.select();
    rig.path.stalled(100);
    for (let nowMs = 100; nowMs <= 400; nowMs += 10) {
      rig.figures.relayReceived++;
      rig.path.advance(nowMs);
      rig.path.answered(second, nowMs, nowMs + 5);
      rig.path.checked(second, nowMs);
    }
    expect(rig.taken().at(-1)).toBe("left checks-timeout 7000");
  });

  it("the one that is parked has no consent by checks of the other", () => {
    const rig = new Rig("server");
    rig.select();
    for (let nowMs = 0; nowMs <= 40_000; nowMs += 100) {
      rig.path.checked(second, nowMs);
      if (nowMs >= rig.path.deadlineMs) rig.path.advance(nowMs);
    }
    expect(rig.taken()).toContain("prefer relay");
  });

  it.each(["client", "server"] as const)(
    "the %s's next one is trusted where the last one was not",
    (role) => {
      const rig = changed(role, true);
      expect(rig.taken()).toEqual([
        "check 7000",
        "ask by relay",
        "selected 8000",
        "prefer direct",
        "route 8000",
        "standing trusted",
      ]);
      expect(rig.path.rttMs).toBe(20);
    },
  );

  it.each([
    ["is trusted", false],
    ["is in doubt", true],
  ])("the next one is not blamed for checks of the last one, which %s", (_, isSuspect) => {
    const rig = changed("client", isSuspect);
    rig.taken();
    rig.run(5020, 8000, second);
    expect(rig.taken()).toEqual(["check 8000", "check 8000"]);
  });

  it("the next one is not blamed for what the last one has lost", () => {
    const rig = new Rig();
    rig.select(60);
    rig.run(0, 6000, first, true);
    expect(rig.path.consider({ address: second, rttMs: 1 }, 6000)).toBe(true);
    rig.run(6000, 20_000, second);
    expect(rig.taken()).not.toContain("left lossy 8000");
  });

  it("the next one stalls by itself, and is the one that is left", () => {
    const rig = changed("client", true);
    rig.taken();
    rig.path.stalled(6000);
    expect(rig.taken()).toEqual(["route 8000 and relay", "standing suspect"]);
    rig.path.answered(first, 5000, 6010);
    for (let nowMs = 6010; nowMs <= 6400; nowMs += 10) {
      rig.figures.relayReceived++;
      rig.path.advance(nowMs);
    }
    expect(rig.taken()).toContain("left checks-timeout 8000");
  });
});

describe("another address that answers", () => {
  it("is taken where it is better by far, 5 s after the last change at the soonest", () => {
    const rig = new Rig();
    rig.select(60);
    const better = { address: second, rttMs: 20 };
    expect(rig.path.consider(better, 4999)).toBe(false);
    expect(rig.path.consider({ address: second, rttMs: 51 }, 5000)).toBe(false);
    expect(rig.path.consider(better, 5000)).toBe(true);
    expect(rig.path.remote).toEqual(second);
    expect(rig.taken()).toContain("route 8000");
    expect(rig.path.consider({ address: second, rttMs: 1 }, 60_000)).toBe(false);
  });
});
