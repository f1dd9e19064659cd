import { expect, it } from "vitest";
import type { Candidate } from "../../../../../src/peer/path/control/messages.ts";
import { OwnList } from "../../../../../src/peer/path/control/own-list.ts";

const candidate: Candidate = { kind: "host", address: { address: "192.0.2.1", port: 1 } };

it("A list is told at first, empty or not, and then when its candidates or the NAT's report have changed", () => {
  const list = new OwnList();
  const generations = [
    list.next([], { kind: "unknown" }),
    list.next([], { kind: "unknown" }),
    list.next([candidate], { kind: "unknown" }),
    list.next([candidate], { kind: "random" }),
    list.next([{ ...candidate }], { kind: "random" }),
  ];
  expect(generations.map((told) => told?.generation)).toEqual([1, undefined, 2, 3, undefined]);
  expect(generations[3]).toMatchObject({ candidates: [candidate], nat: { kind: "random" } });
});
