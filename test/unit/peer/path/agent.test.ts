import { unknownNat } from "../../../../src/peer/nat/report.ts";
import { describe, expect, it } from "vitest";
import { type Address, formatAddress } from "../../../../src/wire/address.ts";
import { Pair, told } from "./agents.ts";

function connected(...options: ConstructorParameters<typeof Pair>): Pair {
  const pair = new Pair(...options);
  pair.start();
  pair.run(250);
  return pair;
}

describe("two peers that reach each other", () => {
  it("are on a direct path within 250 ms, each by its own choice", () => {
    const { client, server } = connected();
    for (const side of [client, server]) {
      expect(told(side)).toEqual(["opened", "selected"]);
      expect(side.preferred).toBe("direct");
      expect(side.agent.reason).toBeUndefined();
    }
    expect(client.route).toEqual({ direct: server.address, isMirrored: false });
    expect(server.route).toEqual({ direct: client.address, isMirrored: false });
  });

  it("send nothing to an address before the other side has said that it wants to", () => {
    const pair = new Pair();
    pair.client.agent.start(0);
    pair.run(100);
    expect(pair.client.messages.map(({ type }) => type)).toEqual(["hello"]);
    expect([...pair.client.checks, ...pair.server.checks]).toEqual([]);
  });

  it("open their own NATs before they send to the other's, once each", () => {
    const { client, server } = connected();
    for (const [side, other] of [
      [client, server],
      [server, client],
    ] as const) {
      expect(side.openers).toEqual([other.address]);
      expect(side.checks.slice(0, 2)).toEqual([other.address, other.address]);
    }
  });

  it("send at once where the other side has begun", () => {
    const pair = new Pair();
    pair.client.agent.start(0);
    pair.run(20);
    // The server says nothing before it has heard of the client.
    pair.server.agent.start(20);
    pair.run(200);
    expect([pair.client.openers.length, pair.server.openers.length]).toEqual([1, 0]);
    expect(told(pair.client)).toContain("selected");
  });

  it("find an address that no candidate tells by the check that comes from there", () => {
    const { client, server } = connected({ candidates: [] });
    expect(told(client)).toContain("selected");
    expect(server.route.direct).toEqual(client.address);
  });
});

describe("a peer whose addresses do not answer", () => {
  it("looks at what the other one has begun 20 times a second, however often that says so", () => {
    const pair = connected();
    const { server } = pair;
    const before = server.explanations;
    for (let index = 0; index < 10_000; index++) {
      const mode = index % 2 === 0 ? "search" : "normal";
      server.agent.receive({ type: "punch", round: index, mode }, pair.nowMs + index / 10);
    }
    expect(server.explanations - before).toBeLessThanOrEqual(20);
    expect(server.invitations).toBe(20);
  });
});

describe("policies", () => {
  it.each([
    ["never", "auto", "policy", "peer-policy"],
    ["auto", "never", "peer-policy", "policy"],
    ["never", "never", "policy", "policy"],
  ] as const)("%s and %s keep the relay, and no address leaves", (own, other, reason, otherReason) => {
    const { client, server } = connected({ policy: own }, { policy: other });
    expect(told(client)).toEqual([`refused ${reason}`]);
    expect(told(server)).toEqual([`refused ${otherReason}`]);
    for (const side of [client, server]) {
      expect(side.messages.map(({ type }) => type)).toEqual(["hello"]);
      expect(side.checks).toEqual([]);
    }
  });

  it("never ignores what a peer says and checks all the same", () => {
    const { client } = connected({ policy: "never" });
    client.agent.receive({ type: "candidates", generation: 1, candidates: [], nat: unknownNat }, 300);
    client.agent.receive({ type: "punch", round: 9, mode: "normal" }, 300);
    client.agent.checked({ address: "192.0.2.9", port: 9 }, true, 300);
    expect(client.checks).toEqual([]);
    expect(client.accepted.size).toBe(0);
    expect(client.agent.deadlineMs).toBe(Infinity);
  });
});

/** Loses 5 % of packets, in bursts of 10 in the mean (Gilbert's model), by the same dice each time. */
function burstyLoss(): () => boolean {
  let seed = 1;
  const dice = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
  let isBad = false;
  return () => {
    isBad = isBad ? dice() > 1 / 10 : dice() < 0.05 / (10 * 0.95);
    return isBad;
  };
}

describe("a direct path that loses 5 % of its packets in bursts", () => {
  it("is never left in 10 minutes, however often it is doubted", () => {
    const pair = connected();
    const loses = burstyLoss();
    pair.loses = loses;
    let doubts = 0;
    for (let ms = 0; ms < 600_000; ms += 10) {
      pair.run(10);
      // The packets of 1 MB/s, of which 8 lie between two checks of a doubt, and more in a burst.
      const isStalled = Array.from({ length: 8 }, loses).every(Boolean);
      if (!isStalled) continue;
      doubts++;
      for (const side of [pair.client, pair.server]) side.agent.stalled(pair.nowMs);
    }
    expect(doubts).toBeGreaterThan(100);
    for (const side of [pair.client, pair.server]) {
      expect(told(side)).not.toContainEqual(expect.stringContaining("lost"));
      expect(side.preferred).toBe("direct");
    }
  });
});

describe("a direct path that dies", () => {
  it.each([
    ["both ways", { client: false, server: false }],
    ["from the client alone", { client: false, server: true }],
    ["from the server alone", { client: true, server: false }],
  ])("%s is left for the relay by both, and found again when it is back", (_, reaches) => {
    const pair = connected();
    pair.reaches = reaches;
    pair.run(2500);
    for (const side of [pair.client, pair.server]) {
      expect(told(side).slice(2)).toContain("lost checks-timeout");
      expect(side.preferred).toBe("relay");
      expect(side.route.direct).toBeUndefined();
    }
    expect(pair.client.hasPath).toBe(false);
    pair.reaches = { client: true, server: true };
    pair.run(8000);
    for (const side of [pair.client, pair.server]) {
      expect(told(side).at(-1)).toBe("selected");
      expect(side.preferred).toBe("direct");
    }
  });

  it("is found again where the one to be asked is no candidate, and asked by nobody else", () => {
    const pair = connected({ candidates: [] });
    pair.reaches = { client: false, server: false };
    pair.run(2000);
    expect(told(pair.client).at(-1)).toMatch(/^lost/);
    pair.reaches = { client: true, server: true };
    pair.run(7000);
    for (const side of [pair.client, pair.server]) expect(told(side).at(-1)).toBe("selected");
  });

  it("is replaced as soon as it is closed by another address that answers", () => {
    const pair = connected();
    const { address } = pair.server;
    pair.server.address = { ...address, port: 3333 };
    pair.run(2600);
    expect(pair.client.route.direct).toEqual(pair.server.address);
    expect(told(pair.client).at(-1)).toBe("selected");
  });

  it("after a silence is left as well, and what came first has gone both ways", () => {
    const pair = connected();
    pair.run(10_000, 0);
    expect(pair.client.route).toEqual({ direct: pair.server.address, isMirrored: true });
    pair.reaches = { client: false, server: false };
    pair.run(30_000, 0);
    expect(told(pair.client)).not.toContain("lost checks-timeout");
    pair.client.bytes += 5000;
    pair.client.agent.mirrored(pair.nowMs);
    pair.run(1000);
    expect(told(pair.client)).toContain("lost checks-timeout");
  });

  it("is not left for a pause of the other side, in which nothing comes by the relay either", () => {
    const pair = connected();
    const { nowMs } = pair;
    pair.reaches = { client: false, server: false };
    pair.client.agent.stalled(nowMs);
    expect(pair.client.route.isMirrored).toBe(true);
    pair.reaches = { client: true, server: true };
    pair.run(300);
    expect(pair.client.route).toEqual({ direct: pair.server.address, isMirrored: false });
    expect(told(pair.client)).toEqual(["opened", "selected", "suspect", "selected"]);
  });
});

/** Peers of which the server has a slow address, and after 6 s a faster one beside it. */
function withSecond(): { pair: Pair; second: Address } {
  const pair = connected();
  pair.directMs = 30;
  pair.run(6000);
  const second: Address = { address: "192.0.2.3", port: 3333 };
  pair.second = { address: second, ms: 2 };
  pair.server.candidates.push({ kind: "host", address: second });
  pair.server.agent.moved(pair.nowMs);
  return { pair, second };
}

describe("a peer with two addresses that answer", () => {
  it("is sent to the one that is faster by far, and the change is told", () => {
    const { pair, second } = withSecond();
    pair.run(100);
    expect(pair.client.route).toEqual({ direct: second, isMirrored: false });
    expect(told(pair.client)).toEqual(["opened", "selected", "selected"]);
    expect(pair.client.events.at(-1)).toMatchObject({ remote: formatAddress(second) });
  });

  it("is not doubted for the change, neither in the middle of another doubt", () => {
    const { pair, second } = withSecond();
    pair.client.agent.stalled(pair.nowMs);
    pair.run(5000);
    expect(pair.client.route).toEqual({ direct: second, isMirrored: false });
    expect(told(pair.client)).toEqual(["opened", "selected", "suspect", "selected"]);
  });
});

describe("a direct path that is slower than the relay by far", () => {
  it("is judged by the shortest of three round trips: one may be a wait in a busy process", () => {
    const pair = new Pair();
    pair.directMs = 60;
    pair.start();
    pair.run(90);
    pair.directMs = 5;
    pair.run(300);
    expect(told(pair.client)).toEqual(["opened", "selected"]);
  });

  it("is not taken before it has become faster", () => {
    const pair = new Pair();
    pair.directMs = 60;
    pair.start();
    pair.run(3000);
    expect(told(pair.client)).toEqual(["refused slower-than-relay"]);
    expect(pair.server.preferred).toBe("relay");
    pair.directMs = 5;
    pair.run(20_000);
    for (const side of [pair.client, pair.server]) expect(told(side).at(-1)).toBe("selected");
  });
});

describe("a path that the client nominates and does not open", () => {
  it("costs the server nothing, and is given up after 5 s", () => {
    const pair = new Pair();
    pair.client.canOpen = false;
    pair.start();
    let turns = 0;
    for (let ms = 0; ms < 4000; ms++) {
      pair.run(1);
      if (pair.server.agent.deadlineMs <= pair.nowMs) turns++;
    }
    expect(turns).toBeLessThan(100);
    pair.run(3000);
    expect(pair.server.agent.path.phase).toBe("none");
    expect(pair.server.preferred).toBe("relay");
  });
});

describe("peers that do not reach each other", () => {
  it("say why, and keep the relay", () => {
    const pair = new Pair();
    pair.reaches = { client: false, server: false };
    pair.start();
    pair.run(4000);
    for (const side of [pair.client, pair.server]) expect(told(side)).toEqual(["refused checks-timeout"]);
  });

  it("say more where their NATs tell, once it is known", () => {
    const pair = new Pair();
    pair.reaches = { client: false, server: false };
    pair.client.explained = "nat-hard-both";
    pair.start();
    pair.run(4000);
    pair.server.explained = "udp-blocked";
    pair.run(4000);
    expect(told(pair.client)).toEqual(["refused nat-hard-both"]);
    expect(told(pair.server)).toEqual(["refused checks-timeout", "refused udp-blocked"]);
  });

  it("say nothing while something else is tried", () => {
    const pair = new Pair();
    pair.reaches = { client: false, server: false };
    pair.client.isSearching = true;
    pair.start();
    pair.run(4000);
    expect([told(pair.client), pair.client.agent.reason]).toEqual([[], undefined]);
    pair.client.isSearching = false;
    pair.client.agent.advance(pair.nowMs);
    expect(told(pair.client)).toEqual(["refused checks-timeout"]);
  });

  it("say so if there is nothing to try", () => {
    const pair = new Pair({ candidates: [] }, { candidates: [] });
    pair.start();
    pair.run(200_000, 0);
    expect(told(pair.client)).toEqual(["refused no-candidates"]);
    // Nor do they go on telling each other of rounds.
    expect(pair.client.messages.map(({ type }) => type)).toEqual(["hello", "candidates"]);
    expect(pair.client.agent.deadlineMs).toBe(Infinity);
  });
});

describe("what a peer is made to send", () => {
  it("is at most 8 checks at each of 8 addresses in a round, whatever the other side names", () => {
    const candidates = Array.from({ length: 50 }, (_, i) => ({
      kind: "host" as const,
      address: { address: "203.0.113.5", port: 1000 + i },
    }));
    const pair = new Pair({}, { candidates });
    pair.reaches = { client: false, server: false };
    pair.start();
    pair.run(4900);
    expect(pair.client.checks).toHaveLength(64);
  });

  it("is no more by any number of nominations from anywhere", () => {
    const pair = connected();
    pair.run(3000);
    const { length } = pair.server.checks;
    for (let i = 0; i < 1000; i++)
      pair.server.agent.checked({ address: "203.0.113.5", port: 1 + i }, true, pair.nowMs);
    pair.run(2500);
    const others = pair.server.checks.slice(length).filter(({ address }) => address === "203.0.113.5");
    expect(others.length).toBeLessThanOrEqual(64);
    expect(pair.server.accepted.size).toBeLessThanOrEqual(8);
    expect(pair.server.accepted.has(pair.client.address.port)).toBe(true);
  });

  it("is no more by any number of lists, of which 16 a minute are looked at, the last one in the end", () => {
    const pair = connected();
    let looks = 0;
    pair.client.onPermit = (): void => void looks++;
    for (let generation = 2; generation <= 5000; generation++)
      pair.client.agent.receive(
        { type: "candidates", generation, candidates: [], nat: unknownNat },
        pair.nowMs,
      );
    pair.run(100);
    expect(looks).toBe(1);
    for (let i = 0; i < 100; i++) {
      pair.client.agent.receive(
        { type: "candidates", generation: 5001 + i, candidates: [], nat: unknownNat },
        pair.nowMs,
      );
      pair.run(10);
    }
    expect(looks).toBeLessThanOrEqual(16);
    pair.client.agent.receive(
      { type: "candidates", generation: 3, candidates: [], nat: unknownNat },
      pair.nowMs,
    );
    pair.run(60_000);
    expect(looks).toBeLessThanOrEqual(17);
  });

  it("leads to no path when the talk about paths ended before a check was answered", () => {
    const pair = new Pair();
    pair.start();
    while (pair.client.checks.length === 0) pair.run(1);
    pair.client.agent.end(pair.nowMs);
    pair.run(3000);
    expect(told(pair.client)).toEqual(["refused peer-unsupported"]);
    expect([pair.client.hasPath, pair.client.accepted.size]).toEqual([false, 0]);
  });

  it("leads to no path when the talk about paths ended while QUIC opened one", () => {
    const pair = new Pair();
    pair.start();
    while (pair.client.agent.path.phase !== "opening") pair.run(1);
    pair.client.agent.end(pair.nowMs);
    pair.run(3000);
    expect(told(pair.client)).not.toContain("selected");
    expect([pair.client.hasPath, pair.client.preferred]).toEqual([false, "relay"]);
  });

  it("ends when the other side says no more about paths", () => {
    const pair = connected();
    pair.client.agent.end(pair.nowMs);
    pair.run(2000);
    const { length } = pair.client.checks;
    pair.run(30_000);
    expect(pair.client.checks).toHaveLength(length);
    expect(pair.client.preferred).toBe("relay");
  });
});
