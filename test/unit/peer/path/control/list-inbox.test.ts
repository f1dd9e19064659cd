import { expect, it } from "vitest";
import { ListInbox } from "../../../../../src/peer/path/control/list-inbox.ts";
import type { Candidate } from "../../../../../src/peer/path/control/messages.ts";

const at = (port: number): Candidate[] => [{ kind: "host", address: { address: "192.0.2.1", port } }];

it("The last list is taken, once", () => {
  const inbox = new ListInbox(0);
  expect([inbox.isEmpty, inbox.deadlineMs]).toEqual([true, Infinity]);
  inbox.put({ type: "candidates", generation: 1, candidates: at(1) }, 5);
  inbox.put({ type: "candidates", generation: 2, candidates: at(2) }, 5);
  expect([inbox.isEmpty, inbox.deadlineMs]).toEqual([false, 5]);
  expect(inbox.take(5)).toEqual(at(2));
  expect(inbox.take(5)).toBeUndefined();
});

it("A list whose generation does not rise is ignored", () => {
  const inbox = new ListInbox(0);
  inbox.put({ type: "candidates", generation: 2, candidates: at(2) }, 0);
  inbox.put({ type: "candidates", generation: 2, candidates: at(3) }, 0);
  inbox.put({ type: "candidates", generation: 1, candidates: at(1) }, 0);
  expect(inbox.take(0)).toEqual(at(2));
});

it("Of more than 16 lists a minute the next one waits", () => {
  const inbox = new ListInbox(0);
  for (let generation = 1; generation <= 16; generation++) {
    inbox.put({ type: "candidates", generation, candidates: at(generation) }, 0);
    expect(inbox.take(0)).toBeDefined();
  }
  inbox.put({ type: "candidates", generation: 17, candidates: at(17) }, 0);
  expect(inbox.take(0)).toBeUndefined();
  expect(inbox.deadlineMs).toBe(3750);
  inbox.put({ type: "candidates", generation: 18, candidates: at(18) }, 1000);
  expect(inbox.take(3750)).toEqual(at(18));
});
