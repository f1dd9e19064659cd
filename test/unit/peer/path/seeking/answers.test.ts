import { expect, it } from "vitest";
import { Answers } from "../../../../../src/peer/path/seeking/answers.ts";
import type { Address } from "../../../../../src/wire/address.ts";

const bob: Address = { address: "192.0.2.2", port: 2 };

it("The round trip of an address is the shortest of those that came within a second of each other", () => {
  const answers = new Answers();
  expect(answers.note(bob, 30, 0)).toMatchObject({ rttMs: 30, count: 1 });
  expect(answers.note(bob, 10, 900)).toMatchObject({ rttMs: 10, count: 2 });
  expect(answers.note(bob, 20, 1800)).toMatchObject({ rttMs: 10, count: 3 });
  expect(answers.note(bob, 20, 2800)).toMatchObject({ rttMs: 20, count: 1 });
});

it("An answer shows for a second that an address answers", () => {
  const answers = new Answers();
  answers.note(bob, 30, 0);
  expect(answers.rttMs(bob, 999)).toBe(30);
  expect(answers.rttMs(bob, 1000)).toBeUndefined();
  expect(answers.has(bob)).toBe(true);
});

it("An address that is forgotten has never answered", () => {
  const answers = new Answers();
  answers.note(bob, 30, 0);
  answers.forget(bob);
  expect([answers.rttMs(bob, 1), answers.has(bob)]).toEqual([undefined, false]);
});
