import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { AddonConnection } from "../../../../src/peer/engine/addon.ts";
import type { EngineListener } from "../../../../src/peer/engine/contract.ts";
import { tell } from "../../../../src/peer/engine/events.ts";

const source = new URL("../../../../src/peer/engine/native/src/node/events.rs", import.meta.url);

/** What each of the addon's events is to a listener, if its stream or path has the ID 7, its direction is 1, and its detail 1. */
const expected: Readonly<Record<string, readonly string[]>> = {
  Established: ["onEstablished"],
  Confirmed: ["onConfirmed"],
  Presented: ["onPresented"],
  Ended: ["onEnded"],
  Stalled: ["onStalled"],
  Opened: ["onOpened unidirectional"],
  Readable: ["onReadable 7"],
  Writable: ["onWritable 7"],
  Finished: [],
  Stopped: ["onStopped 7 1"],
  Allowed: ["onAllowed unidirectional"],
  DatagramReceived: ["onDatagrams"],
  DatagramsUnblocked: ["onDatagrams"],
  CidsRunLow: ["onCidsRunLow"],
  PathOpened: ['onPath {"kind":"opened","id":7}'],
  PathClosed: ['onPath {"kind":"closed","id":7,"by":"other"}'],
  PathPreferred: ['onPath {"kind":"preferred","id":7,"isBackup":true}'],
  PathStalled: ['onPath {"kind":"stalled","id":7}'],
};

/** The numbers of events as the addon's source has them. */
function numbersOfAddon(): Map<string, number> {
  const arms = readFileSync(source, "utf8").matchAll(
    /Event::(\w+)(?:\(.*?\)| \{.*?\})? => (?:\[|on\()(\d+)\.0/g,
  );
  return new Map(Array.from(arms, ([, name, number]) => [name!, Number(number)]));
}

type Row = readonly [kind: number, subject: number, detail: number];

/** Tells what the addon gives in these rows, with `then` called on each event. */
function toldOf(rows: readonly Row[], then: () => void = () => undefined): string[] {
  const told: string[] = [];
  const left = [...rows];
  const connection = {
    poll: (into: Float64Array) => {
      const some = left.splice(0, into.length / 3);
      into.set(some.flat());
      return some.length;
    },
  } as unknown as AddonConnection;
  const listener = new Proxy({} as EngineListener, {
    get:
      (_, name: string) =>
      (...args: unknown[]) => {
        told.push(
          [name, ...args.map((arg) => (typeof arg === "object" ? JSON.stringify(arg) : arg))].join(" "),
        );
        then();
      },
  });
  tell(connection, listener);
  return told;
}

describe("the events of the addon", () => {
  it("have the numbers by which a listener is told of them", () => {
    const numbers = numbersOfAddon();
    expect([...numbers.keys()].toSorted()).toEqual(Object.keys(expected).toSorted());
    for (const [name, number] of numbers) {
      const subject = name === "Opened" || name === "Allowed" ? 1 : 7;
      expect([name, toldOf([[number, subject, 1]])]).toEqual([name, expected[name]]);
    }
  });

  it("are told in order, however many there are", () => {
    const rows = Array.from({ length: 100 }, (_, id): Row => [6, id, 0]);
    expect(toldOf(rows)).toEqual(rows.map(([, id]) => `onReadable ${id}`));
    expect(toldOf([])).toEqual([]);
  });

  it("tell the kind of streams by their direction", () => {
    expect(
      toldOf([
        [10, 0, 0],
        [10, 1, 0],
      ]),
    ).toEqual(["onAllowed bidirectional", "onAllowed unidirectional"]);
  });
});
