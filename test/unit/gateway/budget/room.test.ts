import { describe, expect, it } from "vitest";
import { Room } from "../../../../src/gateway/budget/room.ts";

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

describe("those who wait for room", () => {
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

  it("hold up nobody of another source while only their own is short", () => {
    const { served, enter } = desk();
    const { connection, source } = rooms();
    const greedy = source();
    const [one, two] = [connection(greedy), connection(greedy)];
    for (const room of [one, two]) enter(room, 100, "greedy");
    enter(one, 100, "more");
    expect(enter(connection(), 100, "other").full).toBeUndefined();
    expect(served).toEqual(["greedy", "greedy", "other"]);
  });

  it("make way when they leave", () => {
    const { served, enter } = desk();
    const room = rooms().connection();
    enter(room, 60, "first");
    const { wait } = enter(room, 50, "large");
    enter(room, 40, "small");
    room.leave(wait);
    room.serve();
    expect(served).toEqual(["first", "small"]);
  });

  it("are passed on what a connection gives back at its end", () => {
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
