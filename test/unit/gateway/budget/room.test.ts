import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Room, type RoomWait } from "../../../../src/gateway/budget/room.ts";

interface Rooms {
  readonly all: Room;
  /** Opens the room of a connection, of a source of its own unless one is given. */
  readonly connection: (source?: Room) => Room;
  readonly source: () => Room;
}

function rooms(allBytes = 1000): Rooms {
  const all = new Room({ scope: "all", limitBytes: allBytes });
  const source = (): Room => new Room({ scope: "source", limitBytes: 200, parent: all });
  return {
    all,
    source,
    connection: (parent = source()) => new Room({ scope: "connection", limitBytes: 100, parent }),
  };
}

/** Enters waits, and keeps the names of those served. */
function desk() {
  const served: string[] = [];
  const enter = (room: Room, bytes: number, name: string) => {
    const wait = { bytes, onTaken: () => void served.push(name) };
    return { wait, full: room.enter(wait) };
  };
  return { served, enter };
}

describe("waits for room", () => {
  it("are served in order, so that a large one is not starved by small ones", () => {
    const { served, enter } = desk();
    const room = rooms().connection();
    enter(room, 100, "first");
    expect([enter(room, 60, "large").full, enter(room, 10, "small").full]).toEqual([
      "connection",
      "connection",
    ]);
    room.give(30);
    room.serve();
    expect(enter(room, 10, "late").full).toBe("connection");
    expect(served).toEqual(["first"]);
    room.give(30);
    room.serve();
    expect(served).toEqual(["first", "large"]);
    room.give(100);
    room.serve();
    expect(served).toEqual(["first", "large", "small", "late"]);
    expect(room.heldBytes).toBe(20);
  });

  it("are served in order among the connections of a source", () => {
    const { served, enter } = desk();
    const { connection, source } = rooms();
    const one = source();
    const [first, second, third] = [connection(one), connection(one), connection(one)];
    enter(first, 100, "first");
    enter(second, 100, "second");
    expect(enter(third, 90, "large").full).toBe("source");
    first.give(50);
    expect(enter(first, 10, "small").full).toBe("source");
    first.serve();
    expect(served).toEqual(["first", "second"]);
    second.give(40);
    second.serve();
    expect(served).toEqual(["first", "second", "large"]);
    second.give(60);
    second.serve();
    expect(served).toEqual(["first", "second", "large", "small"]);
  });

  it("are served in order among all sources", () => {
    const { served, enter } = desk();
    const { connection, all } = rooms(300);
    const holders = [connection(), connection(), connection()];
    for (const holder of holders) enter(holder, 100, "holder");
    const [large, small] = [connection(), connection()];
    expect(enter(large, 80, "large").full).toBe("all");
    expect(enter(small, 10, "small").full).toBe("all");
    holders[0]!.give(50);
    expect(holders[0]!.serve()).toBe(true);
    expect(served).toHaveLength(3);
    holders[1]!.give(50);
    expect(holders[1]!.serve()).toBe(false);
    expect(served.slice(3)).toEqual(["large", "small"]);
    expect(all.heldBytes).toBe(290);
  });

  it("hold up no other source while only their own is short", () => {
    const { served, enter } = desk();
    const { connection, source } = rooms();
    const greedy = source();
    const [one, two] = [connection(greedy), connection(greedy)];
    for (const room of [one, two]) enter(room, 100, "greedy");
    enter(one, 100, "more");
    expect(enter(connection(), 100, "other").full).toBeUndefined();
    expect(served).toEqual(["greedy", "greedy", "other"]);
  });

  it("leave their place to the next", () => {
    const { served, enter } = desk();
    const room = rooms().connection();
    enter(room, 60, "first");
    const { wait } = enter(room, 50, "large");
    enter(room, 40, "small");
    room.leave(wait);
    room.serve();
    expect(served).toEqual(["first", "small"]);
  });

  it("get what a connection gives back at its end", () => {
    const { served, enter } = desk();
    const { connection, source } = rooms();
    const one = source();
    const [first, second, third] = [connection(one), connection(one), connection(one)];
    enter(first, 100, "first");
    enter(second, 100, "second");
    enter(third, 100, "third");
    first.clear();
    expect(served).toEqual(["first", "second", "third"]);
  });
});

it("a source that is short of what the others leave says that all are short, and holds up none of them", () => {
  const { enter } = desk();
  const { connection, source } = rooms(300);
  const one = source();
  const mine = connection(one);
  enter(mine, 80, "mine");
  enter(connection(), 100, "another");
  // 120 bytes are free, and no source may hold more than that.
  expect(enter(connection(one), 50, "more of mine").full).toBe("all");
  expect(mine.serve()).toBe(true);
  expect(enter(connection(), 100, "newcomer").full).toBeUndefined();
});

/** Rooms in which one source, which holds nothing, has so many waits for the 100 bytes that another one holds too much. */
function contended(waits: number) {
  const { connection, source, all } = rooms(300);
  const { served, enter } = desk();
  const holders = [connection(), connection(), connection()];
  for (const holder of holders) enter(holder, 100, "holder");
  let looks = 0;
  const greedy = source();
  const connections = Array.from({ length: Math.ceil(waits / 100) }, () => connection(greedy));
  for (let i = 0; i < waits; i++)
    connections[i % connections.length]!.enter({
      get bytes() {
        looks++;
        return 60;
      },
      onTaken: () => void served.push("greedy"),
    });
  served.length = 0;
  return { all, connection, connections, holders, enter, served, looks: () => looks };
}

/** How often the waits of such a source are looked at while what it gives back goes to another and returns, 20 times. */
function looksOf(waits: number): number {
  const { connection, connections, holders, enter, looks } = contended(waits);
  const other = connection();
  const before = looks();
  holders[0]!.give(60);
  holders[0]!.serve();
  for (let i = 0; i < 20; i++) {
    // Another waits for room, gets what the source gives back, and gives it back in turn.
    enter(other, 60, "other");
    connections[i % connections.length]!.give(60);
    connections[i % connections.length]!.serve();
    other.give(60);
    other.serve();
  }
  return looks() - before;
}

describe("a source with many waits", () => {
  it("costs as little work as one with few, whenever some of its bytes are given back", () => {
    expect(looksOf(1000)).toBeLessThanOrEqual(looksOf(100));
  });

  it("takes turns with the others, however many of its waits came first", () => {
    const { connection, holders, enter, served } = contended(1000);
    enter(connection(), 30, "honest");
    enter(connection(), 30, "honest");
    for (const holder of holders) {
      holder.give(100);
      holder.serve();
    }
    expect(served.slice(0, 3)).toEqual(["greedy", "honest", "honest"]);
  });

  it("holds up no other by what it holds and does not read", () => {
    const { connection, connections, holders, enter, served, all } = contended(1000);
    const before = connections.reduce((sum, { heldBytes }) => sum + heldBytes, 0);
    for (const holder of [...holders, ...connections]) holder.clear();
    for (const room of connections) room.serve();
    const held = connections.reduce((sum, { heldBytes }) => sum + heldBytes, 0);
    expect([before, held]).toEqual([0, 180]);
    // It gives nothing back from here on.
    for (let i = 0; i < 100; i++) {
      const honest = connection();
      expect(enter(honest, 90, "honest").full).toBeUndefined();
      honest.clear();
    }
    expect([served.filter((name) => name === "honest").length, all.heldBytes]).toEqual([100, 180]);
  });

  it("has its connections take turns, however many waits of one came first", () => {
    const { connection, source } = rooms();
    const { served, enter } = desk();
    const one = source();
    const [holder, second, busy, other] = [1, 2, 3, 4].map(() => connection(one)) as [Room, Room, Room, Room];
    enter(holder, 100, "holder");
    enter(second, 100, "holder");
    for (let i = 0; i < 5; i++) enter(busy, 30, `busy ${i}`);
    enter(other, 30, "other");
    served.length = 0;
    holder.clear();
    expect(served).toEqual(["busy 0", "other", "busy 1"]);
  });
});

it("waits of a connection are served in order, and none is lost, whatever else waits and leaves", () => {
  const step = fc.record({
    room: fc.nat(5),
    does: fc.constantFrom("enter", "give", "leave", "clear"),
    bytes: fc.integer({ min: 1, max: 120 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const { all, connection, source } = rooms(250);
      const sources = [source(), source(), source()];
      const desks = Array.from({ length: 6 }, (_, i) => ({
        room: connection(sources[i % 3]),
        waiting: [] as RoomWait[],
      }));
      for (const { room: i, does, bytes } of steps) {
        const { room, waiting } = desks[i]!;
        if (does === "enter") {
          const wait: RoomWait = {
            bytes,
            onTaken: () => {
              expect(waiting.shift()).toBe(wait);
            },
          };
          waiting.push(wait);
          expect(room.enter(wait) !== undefined).toBe(waiting.includes(wait));
        } else if (does === "leave") room.leave(waiting.splice(bytes % (waiting.length || 1), 1)[0]!);
        else if (does === "clear") room.clear();
        else room.give(bytes);
        if (does !== "enter") room.serve();
        for (const each of desks) expect(each.room.heldBytes).toBeLessThanOrEqual(120);
        expect(all.heldBytes).toBeLessThanOrEqual(250);
      }
      for (let i = 0; i < steps.length; i++) for (const { room } of desks) room.clear();
      expect([desks.map(({ waiting }) => waiting.length), all.heldBytes]).toEqual([[0, 0, 0, 0, 0, 0], 0]);
    }),
  );
});
