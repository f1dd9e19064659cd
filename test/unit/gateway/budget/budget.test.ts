import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { requestOverheadBytes, responsePieceBytes } from "../../../../src/defaults/index.ts";
import { Budget } from "../../../../src/gateway/budget/budget.ts";
import type { ConnectionBudget } from "../../../../src/gateway/budget/connection.ts";
import { Places } from "../../../../src/gateway/budget/places.ts";
import type { RequestBudget } from "../../../../src/gateway/budget/request.ts";

/** Limits in units that are easy to count in, far over what open requests take. */
const unit = 1_000_000;
const limits = {
  maxStreamBytes: 2 * unit,
  maxConnectionBytes: 3 * unit,
  maxSourceBytes: 4 * unit,
  maxBytes: 10 * unit,
  maxConnectionsPerSource: 2,
  maxWaitsPerSource: 2,
};

const first = "192.0.2.1";
const second = "192.0.2.2";

function open(connection: ConnectionBudget | undefined): RequestBudget {
  return connection!.open(0)!;
}

/** Opens requests whose answers are so long for as long as there is room. */
function fill(connection: ConnectionBudget, answerBytes: number): void {
  while (connection.open(0)?.take("unsent", answerBytes) === true);
}

describe("bytes", () => {
  it("are bounded for one request", () => {
    const budget = new Budget(limits);
    const request = open(budget.connect(first));
    expect(request.take("unsent", 2 * unit)).toBe(true);
    expect(request.take("unsent", 1)).toBe(false);
    expect(budget.stats().refused).toEqual({ "unsent-stream": 1 });
    request.give("unsent", 1);
    expect(request.take("unsent", 1)).toBe(true);
  });

  it("are bounded for one connection, whatever its requests", () => {
    const budget = new Budget(limits);
    const connection = budget.connect(first);
    expect(open(connection).take("unsent", 2 * unit)).toBe(true);
    expect(open(connection).take("unsent", unit + 1)).toBe(false);
    expect(open(connection).take("unsent", unit)).toBe(true);
    expect(budget.stats().refused).toEqual({ "unsent-connection": 1 });
  });

  it("are bounded for one source, whatever its connections and addresses in a /64", () => {
    const budget = new Budget(limits);
    expect(open(budget.connect("2001:db8::1")).take("unsent", 2 * unit)).toBe(true);
    const other = open(budget.connect("2001:db8::2"));
    expect(other.take("unsent", 2 * unit)).toBe(true);
    expect(other.take("unsent", 1)).toBe(false);
    expect(open(budget.connect("2001:db8:0:1::1")).take("unsent", 2 * unit)).toBe(true);
    expect(budget.stats().refused).toEqual({ "unsent-stream": 1 });
  });

  it("of many sources together leave as much for each as it may hold", () => {
    const budget = new Budget({ ...limits, maxStreamBytes: unit, maxSourceBytes: 10 * unit });
    for (let i = 0; i < 100; i++) {
      const connection = budget.connect(`10.0.${i}.1`);
      fill(connection!, unit / 10);
    }
    const { unsentBytes } = budget.stats();
    expect(unsentBytes).toBeGreaterThan(9 * unit);
    expect(unsentBytes).toBeLessThanOrEqual(10 * unit);
    // Three hogs of ten units could each hold a third of them; none may hold what a newcomer needs.
    const hogs = new Budget({ ...limits, maxConnectionBytes: 10 * unit, maxSourceBytes: 10 * unit });
    for (const address of [first, "198.51.100.1"]) {
      const connection = hogs.connect(address);
      fill(connection!, unit / 10);
    }
    expect(open(hogs.connect("203.0.113.1")).take("unsent", 2 * unit)).toBe(true);
  });

  it.each([
    ["an IPv4 /24", (i: number) => `192.0.2.${i}`],
    ["an IPv6 /48", (i: number) => `2001:db8:7:${i}::1`],
  ])("of many sources of %s together leave as much for another network", (_, address) => {
    const budget = new Budget({ ...limits, maxStreamBytes: unit });
    for (let i = 1; i < 100; i++) fill(budget.connect(address(i))!, unit / 10);
    expect(budget.stats().unsentBytes).toBeLessThanOrEqual(5 * unit);
    const request = open(budget.connect("203.0.113.1"));
    for (let i = 0; i < 10; i++) expect(request.take("unsent", unit / 10)).toBe(true);
    // What it held is free again once it has gone.
    const gone = new Budget({ ...limits, maxStreamBytes: unit });
    const connections = [1, 2, 3].map((i) => gone.connect(address(i))!);
    for (const connection of connections) fill(connection, unit / 10);
    for (const connection of connections) connection.close();
    expect(gone.stats()).toMatchObject({ sources: 0, unsentBytes: 0 });
  });

  it("that a source may not hold for what the others hold are refused as too many of all together", () => {
    const budget = new Budget(limits);
    const mine = budget.connect(first)!;
    const [request, next] = [open(mine), open(mine)];
    expect(request.take("unsent", 2 * unit)).toBe(true);
    for (const address of ["198.51.100.1", "203.0.113.1", "10.0.0.1"])
      expect(open(budget.connect(address)).take("unsent", 2 * unit)).toBe(true);
    // Two units are free, and it holds as many.
    expect(next.take("unsent", unit)).toBe(false);
    expect(budget.stats().refused).toEqual({ "unsent-all": 1 });
  });

  it("that are unread and that are unsent have limits of their own", () => {
    const request = open(new Budget(limits).connect(first));
    expect(request.take("unsent", 2 * unit)).toBe(true);
    expect(request.take("unread", unit)).toBe(true);
  });

  it("in one piece may be more than the limit, as they are there already", () => {
    const budget = new Budget(limits);
    const connection = budget.connect(first);
    const [request, other] = [open(connection), open(connection)];
    expect(request.take("unsent", 50 * unit)).toBe(true);
    expect(other.take("unsent", 1)).toBe(false);
  });

  it("leave no room for a request whose answer would find none", () => {
    const budget = new Budget(limits);
    const connection = budget.connect(first)!;
    const hog = open(connection);
    hog.take("unsent", 3 * unit - responsePieceBytes + 1);
    expect(connection.open(0)).toBeUndefined();
    expect(budget.stats().refused).toEqual({ "unsent-connection": 1 });
    hog.give("unsent", 1);
    expect(connection.open(0)).toBeDefined();
  });

  it("are all given back by a request and by a connection that close", () => {
    const budget = new Budget(limits);
    const connection = budget.connect(first)!;
    const request = open(connection);
    request.take("unsent", unit);
    request.close();
    expect(budget.stats()).toMatchObject({ unreadBytes: 0, unsentBytes: 0 });
    expect(request.take("unsent", 1)).toBe(false);
    open(connection).take("unread", unit);
    connection.close();
    connection.close();
    expect(budget.stats()).toMatchObject({ sources: 0, unreadBytes: 0, unsentBytes: 0 });
  });

  it("never go under zero or over the limits, whatever comes", () => {
    const step = fc.tuple(
      fc.nat(3),
      fc.constantFrom("take", "give", "close"),
      fc.constantFrom("unread", "unsent"),
      fc.nat(3 * unit),
    );
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const budget = new Budget(limits);
        const connections = [first, first, second, second].map((address) => budget.connect(address)!);
        const requests = connections.map(open);
        for (const [i, action, kind, bytes] of steps) {
          if (action === "close") requests[i]!.close();
          else requests[i]![action](kind, bytes);
          const { unreadBytes, unsentBytes } = budget.stats();
          for (const held of [unreadBytes, unsentBytes]) {
            expect(held).toBeGreaterThanOrEqual(0);
            expect(held).toBeLessThanOrEqual(limits.maxBytes);
          }
        }
        for (const connection of connections) connection.close();
        expect(budget.stats()).toMatchObject({ sources: 0, unreadBytes: 0, unsentBytes: 0 });
      }),
    );
  });
});

describe("open requests", () => {
  it("count as bytes, with their header fields", () => {
    const budget = new Budget(limits);
    const connection = budget.connect(first)!;
    connection.open(100);
    expect(budget.stats().unreadBytes).toBe(100 + requestOverheadBytes);
    let opened = 1;
    while (connection.open(100)) opened++;
    expect(opened).toBe(Math.floor((3 * unit) / (100 + requestOverheadBytes)));
    expect(budget.stats().unreadBytes).toBe(opened * (100 + requestOverheadBytes));
    expect(budget.stats().refused).toEqual({ "unread-connection": 1 });
  });
});

describe("the shares of a source", () => {
  it("of connections are no more than the places that are left to all others", () => {
    const budget = new Budget({ ...limits, maxConnectionsPerSource: 100 });
    const places = new Places(16);
    for (const address of [first, second, "192.0.2.3"]) while (budget.connect(address, places));
    expect(places.free).toBe(16 - (8 + 4 + 2));
    for (const address of ["192.0.2.4", "192.0.2.5"]) expect(budget.connect(address, places)).toBeDefined();
    expect(budget.connect("192.0.2.6", places)).toBeUndefined();
    expect(budget.stats().refused).toEqual({ connections: 4 });
  });

  it("of connections are its own, and come back", () => {
    const budget = new Budget(limits);
    const connection = budget.connect(first)!;
    expect(budget.connect(first)).toBeDefined();
    expect(budget.connect(first)).toBeUndefined();
    expect(budget.connect(second)).toBeDefined();
    expect(budget.stats().refused).toEqual({ connections: 1 });
    connection.close();
    connection.close();
    expect(budget.connect(first)).toBeDefined();
    expect(budget.connect(first)).toBeUndefined();
  });

  it("of long waits are its own, and come back", () => {
    const budget = new Budget(limits);
    const connection = budget.connect(first)!;
    const [one, two, three] = [open(connection), open(connection), open(connection)];
    expect([one.wait(), one.wait(), two.wait(), three.wait()]).toEqual([true, true, true, false]);
    expect(open(budget.connect(second)).wait()).toBe(true);
    expect(budget.stats().refused).toEqual({ waits: 1 });
    one.endWait();
    expect(three.wait()).toBe(true);
    two.close();
    expect(one.wait()).toBe(true);
    expect(open(connection).wait()).toBe(false);
  });
});

function smallBudget(): Budget {
  return new Budget({ maxConnectionBytes: 100_000, maxSourceBytes: 150_000 });
}

describe("stray bytes of a connection", () => {
  it("take room of its requests, and of its source", () => {
    const one = smallBudget();
    const [mine, other] = [one.connect(first)!, one.connect(first)!];
    expect([mine.holdStray(90_000), mine.holdStray(95_000), mine.holdStray(80_000)]).toEqual([
      true,
      true,
      true,
    ]);
    expect(one.stats().unreadBytes).toBe(80_000);
    expect(mine.open(20_000)).toBeUndefined();
    expect(other.holdStray(90_000)).toBe(false);
    expect(one.stats().refused).toEqual({ "unread-connection": 1, "unread-source": 1 });
    mine.close();
    expect(other.holdStray(90_000)).toBe(true);
  });

  it("are never more than a connection may hold, even if it holds nothing else", () => {
    const one = smallBudget();
    expect(one.connect(first)!.holdStray(1_000_000)).toBe(false);
    expect(one.stats().unreadBytes).toBe(100_000);
  });

  it("keep their source from connecting while it has no room", () => {
    const one = smallBudget();
    const connections = [one.connect(first)!, one.connect(first)!];
    for (const connection of connections) connection.holdStray(75_000);
    expect(one.connect(first)).toBeUndefined();
    expect(one.connect(second)).toBeDefined();
    connections[0]!.close();
    expect(one.connect(first)).toBeDefined();
  });
});
