import { expect, it } from "vitest";
import { ListInbox } from "../../../../../src/peer/path/control/list-inbox.ts";
import type { CandidateList } from "../../../../../src/peer/path/control/messages.ts";

/** A list that can be told by the port of its candidate. */
function list(generation: number, port = generation): CandidateList {
  const candidates = [{ kind: "host", address: { address: "192.0.2.1", port } }] as const;
  return { type: "candidates", generation, candidates, nat: { kind: "unknown" } };
}

it("The last list is taken, once", () => {
  const inbox = new ListInbox(0);
  expect([inbox.isEmpty, inbox.deadlineMs]).toEqual([true, Infinity]);
  inbox.put(list(1), 5);
  inbox.put(list(2), 5);
  expect([inbox.isEmpty, inbox.deadlineMs]).toEqual([false, 5]);
  expect(inbox.take(5)).toEqual(list(2));
  expect(inbox.take(5)).toBeUndefined();
});

it("A list whose generation does not rise is ignored", () => {
  const inbox = new ListInbox(0);
  inbox.put(list(2), 0);
  inbox.put(list(2, 3), 0);
  inbox.put(list(1), 0);
  expect(inbox.take(0)).toEqual(list(2));
});

it("Of more than 16 lists a minute the next one waits", () => {
  const inbox = new ListInbox(0);
  for (let generation = 1; generation <= 16; generation++) {
    inbox.put(list(generation), 0);
    expect(inbox.take(0)).toBeDefined();
  }
  inbox.put(list(17), 0);
  expect(inbox.take(0)).toBeUndefined();
  expect(inbox.deadlineMs).toBe(3750);
  inbox.put(list(18), 1000);
  expect(inbox.take(3750)).toEqual(list(18));
});
