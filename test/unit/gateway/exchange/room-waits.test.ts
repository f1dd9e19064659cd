import { describe, expect, it } from "vitest";
import { minResponseBytes } from "../../../../src/defaults/index.ts";
import { Room, type RoomScope } from "../../../../src/gateway/budget/room.ts";
import { RoomWaits } from "../../../../src/gateway/exchange/room-waits.ts";

const pieceBytes = 2 * minResponseBytes;

/** Connections and sources may hold three pieces each, of all that may hold eight. */
function bench() {
  const all = new Room({ scope: "all", limitBytes: 8 * pieceBytes });
  const sourceOf = (): Room => new Room({ scope: "source", limitBytes: 3 * pieceBytes, parent: all });
  const connectionOf = (parent: Room): Room =>
    new Room({ scope: "connection", limitBytes: 3 * pieceBytes, parent });
  const seen: { full: RoomScope[]; crowded: number; taken: string[] } = { full: [], crowded: 0, taken: [] };
  const waitsIn = (room: Room): RoomWaits =>
    new RoomWaits(room, {
      onFull: (full) => void seen.full.push(full),
      onCrowded: () => void seen.crowded++,
    });
  const take = (
    waits: RoomWaits,
    name: string,
  ): { readonly asker: object; readonly taken: Promise<void> } => {
    const asker = {};
    return { asker, taken: waits.take(pieceBytes, asker, () => void seen.taken.push(name)) };
  };
  /** Two other sources that hold six pieces. */
  const fill = (): Room[] => {
    const rooms = [connectionOf(sourceOf()), connectionOf(sourceOf())];
    for (const room of rooms) for (const name of ["a", "b", "c"]) take(waitsIn(room), name);
    return rooms;
  };
  return { sourceOf, connectionOf, waitsIn, take, fill, seen };
}

describe("a connection whose source is short of what others leave", () => {
  it("has idle connections make way, when it finds so and while that lasts", async () => {
    const { sourceOf, connectionOf, waitsIn, take, fill, seen } = bench();
    const [other] = fill();
    const waits = waitsIn(connectionOf(sourceOf()));
    take(waits, "first");
    const { taken } = take(waits, "second");
    expect(seen).toMatchObject({ full: ["all"], crowded: 1 });
    waits.serve();
    expect(seen.crowded).toBe(2);
    other!.give(2 * pieceBytes);
    waits.serve();
    await taken;
    expect([seen.crowded, seen.taken.slice(-2)]).toEqual([2, ["first", "second"]]);
  });

  it("asks the app on, as its answers may wait", async () => {
    const { sourceOf, connectionOf, waitsIn, take, fill, seen } = bench();
    fill();
    const waits = waitsIn(connectionOf(sourceOf()));
    take(waits, "first");
    expect(waits.isFull).toBe(false);
    await waits.room({});
    expect(seen.full).toEqual([]);
  });
});

it("while answers of a connection wait for room, the app is asked for no shorter ones", async () => {
  const { sourceOf, connectionOf, waitsIn, take, seen } = bench();
  const room = connectionOf(sourceOf());
  const waits = waitsIn(room);
  for (const name of ["a", "b", "c", "d"]) take(waits, name);
  room.give(minResponseBytes);
  const asked: string[] = [];
  const question = waits.room({}).then(() => asked.push("asked"));
  waits.serve();
  await Promise.resolve();
  expect([waits.isFull, seen.taken, asked]).toEqual([true, ["a", "b", "c"], []]);
  room.give(pieceBytes);
  waits.serve();
  await question;
  expect(seen.taken).toEqual(["a", "b", "c", "d"]);
});

it("an asker that stops waiting takes nothing, even if there is room in the same turn", async () => {
  const { sourceOf, connectionOf, waitsIn, take, seen } = bench();
  const room = connectionOf(sourceOf());
  const waits = waitsIn(room);
  for (const name of ["a", "b", "c"]) take(waits, name);
  const { asker, taken } = take(waits, "d");
  waits.stop(asker);
  room.give(pieceBytes);
  waits.serve();
  await taken;
  expect([waits.isEmpty, seen.taken, room.heldBytes]).toEqual([true, ["a", "b", "c"], 2 * pieceBytes]);
});

it("room for so many short responses ends as many waits for the app, however many there are", async () => {
  const { sourceOf, connectionOf, waitsIn, take } = bench();
  const room = connectionOf(sourceOf());
  const waits = waitsIn(room);
  for (const name of ["a", "b", "c"]) take(waits, name);
  let ended = 0;
  const questions = Array.from({ length: 100 }, () => waits.room({}).then(() => ended++));
  const endedAfter = async (bytes: number): Promise<number> => {
    room.give(bytes);
    waits.serve();
    await new Promise(setImmediate);
    return ended;
  };
  expect(await endedAfter(minResponseBytes)).toBe(1);
  expect(await endedAfter(2 * minResponseBytes)).toBe(4);
  room.clear();
  expect(await endedAfter(0)).toBe(100);
  await Promise.all(questions);
});
