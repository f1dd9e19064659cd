import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Budget } from "../../../../src/gateway/budget/budget.ts";
import type { ConnectionBudget } from "../../../../src/gateway/budget/connection.ts";
import { Places } from "../../../../src/gateway/budget/places.ts";
import { networkName } from "../../../../src/wire/source.ts";

/** A server of so many places, and the names of the connections that made way. */
class Server {
  readonly budget: Budget = new Budget({ maxConnectionsPerSource: 3, maxSourceBytes: 100_000 });
  readonly places: Places;
  readonly gone: string[] = [];

  constructor(max: number) {
    this.places = new Places(max);
  }

  /** Connects a client, whose name is its address. */
  connect(address: string): ConnectionBudget | undefined {
    const connection = this.budget.connect(address, this.places);
    if (connection) connection.place.onGivenUp = () => this.gone.push(address);
    return connection;
  }

  /** Connects clients that are all admitted. */
  connectAll(clients: readonly string[]): ConnectionBudget[] {
    return clients.map((address) => this.connect(address)!);
  }
}

function addresses(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${prefix}${i + 1}`);
}

/** Addresses of one IPv6 /48, each in a /64 of its own. */
function sites(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `2001:db8:7:${(i + 1).toString(16)}::5`);
}

describe("a full server", () => {
  it("has the network with the most connections make way for one with fewer, until both have as many", () => {
    const server = new Server(8);
    server.connectAll(addresses("192.0.2.", 8));
    const admitted = addresses("198.51.100.", 8).filter((address) => server.connect(address));
    expect(admitted).toHaveLength(4);
    expect(server.gone).toEqual(addresses("192.0.2.", 4));
    expect(server.budget.stats().refused).toEqual({ connections: 4 });
  });

  it("counts an IPv6 /48 as one network, whatever /64s its connections come from", () => {
    const server = new Server(6);
    server.connectAll(sites(6));
    expect(server.connect("2001:db8:7:ff::5")).toBeUndefined();
    expect(server.connect("2001:db8:8::5")).toBeDefined();
    expect(server.gone).toEqual(sites(1));
  });

  it("takes no connection from a network that has fewer than another", () => {
    const server = new Server(6);
    server.connectAll(["198.51.100.1", "203.0.113.1", ...addresses("192.0.2.", 4)]);
    server.connectAll(addresses("10.0.0.", 2));
    expect(server.gone).toEqual(addresses("192.0.2.", 2));
  });

  it("gives up the connection that has been without a request for the longest", () => {
    const server = new Server(4);
    const [first, second] = server.connectAll(addresses("192.0.2.", 4));
    first!.open(0)!.close();
    second!.open(0);
    server.connectAll(["198.51.100.1", "203.0.113.1"]);
    expect(server.gone).toEqual(["192.0.2.3", "192.0.2.4"]);
  });

  it("gives up one with an open request where a network has no other, the least recently used", () => {
    const server = new Server(3);
    const [first, second, third] = server.connectAll(addresses("192.0.2.", 3));
    for (const connection of [third, first, second, third]) connection!.open(0);
    server.connect("198.51.100.1");
    expect(server.gone).toEqual(["192.0.2.1"]);
  });

  it("of networks with one connection each gives up one without a request, and none that has one", () => {
    const server = new Server(3);
    const networks = server.connectAll(["192.0.2.1", "198.51.100.1", "203.0.113.1"]);
    networks[0]!.open(0);
    const request = networks[1]!.open(0)!;
    networks[2]!.open(0);
    expect(server.connect("10.0.0.1")).toBeUndefined();
    request.close();
    expect(server.connect("10.0.0.1")).toBeDefined();
    expect(server.gone).toEqual(["198.51.100.1"]);
  });

  it("gives up nothing for a source that has its share, or no room for a request", () => {
    const server = new Server(12);
    server.connectAll(sites(12));
    server.connectAll(["192.0.2.1", "192.0.2.1", "192.0.2.1"]);
    server.connectAll(["198.51.100.1"])[0]!.holdStray(100_000);
    expect(server.gone).toHaveLength(4);
    for (const address of ["192.0.2.1", "198.51.100.1"]) expect(server.connect(address)).toBeUndefined();
    expect(server.gone).toHaveLength(4);
    expect(server.budget.stats().refused).toEqual({ connections: 1, "unread-source": 1 });
  });

  it("gives a source that has more connections than there are places another one of a larger network's", () => {
    const server = new Server(8);
    server.connectAll([...sites(5), "192.0.2.1", "192.0.2.1"]);
    expect(server.connect("192.0.2.1")).toBeDefined();
    expect(server.gone).toEqual(sites(1));
    expect(server.places.free).toBe(1);
  });

  it("gives up no connection in use while a place is free", () => {
    const server = new Server(6);
    const crowd = server.connectAll(["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"]);
    for (const connection of crowd) connection.open(0);
    server.connectAll(["10.9.9.1"]);
    expect(server.places.free).toBe(1);
    expect(server.connect("10.9.9.1")).toBeUndefined();
    expect(server.gone).toEqual([]);
  });

  it("has a place again once a connection has closed, however often it says so", () => {
    const server = new Server(2);
    const [first] = server.connectAll(addresses("192.0.2.", 2));
    first!.close();
    first!.close();
    expect(server.places.free).toBe(1);
    expect(server.connect("192.0.2.3")).toBeDefined();
    expect(server.gone).toEqual([]);
  });

  it("has no place too many once a connection that made way has closed", () => {
    const server = new Server(2);
    const [first] = server.connectAll(addresses("192.0.2.", 2));
    server.connect("198.51.100.1");
    first!.open(0);
    first!.close();
    expect(server.places.free).toBe(0);
  });
});

describe("places", () => {
  it("are never more than there are, and none is taken from a network with fewer than the newcomer's", () => {
    const step = fc.record({ network: fc.nat(3), closes: fc.boolean(), asks: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const budget = new Budget({ maxConnectionsPerSource: 100 });
        const places = new Places(6);
        const open: { readonly network: string; readonly connection: ConnectionBudget }[] = [];
        const count = (name: string): number => open.filter(({ network }) => network === name).length;
        for (const [i, { network: number, closes, asks }] of steps.entries()) {
          if (closes) open.shift()?.connection.close();
          const address = `10.0.${number}.${i}`;
          const network = networkName(address);
          const before = count(network);
          const most = Math.max(0, ...open.map((each) => count(each.network)));
          const isFull = places.free === 0;
          const connection = budget.connect(address, places);
          if (isFull && before === most) expect(connection).toBeUndefined();
          if (isFull && before + 1 < most) expect(connection).toBeDefined();
          if (!connection) continue;
          if (asks) connection.open(0);
          const entry = { network, connection };
          open.push(entry);
          connection.place.onGivenUp = () => {
            expect(count(network)).toBe(Math.max(...open.map((each) => count(each.network))));
            open.splice(open.indexOf(entry), 1);
            connection.close();
          };
          expect(open.length).toBe(6 - places.free);
          expect(places.free).toBeGreaterThanOrEqual(0);
        }
      }),
    );
  });
});
