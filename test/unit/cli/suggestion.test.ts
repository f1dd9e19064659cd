import { expect, it } from "vitest";
import { suggestion } from "../../../src/cli/suggestion.ts";

const known = ["relay", "token", "id", "top"];

it.each([
  ["relya", " (did you mean relay?)"],
  ["tokn", " (did you mean token?)"],
  ["tpo", " (did you mean top?)"],
  ["xy", ""],
  ["dail", ""],
  ["", ""],
])("a word that is nearly %j is suggested, and no other", (word, text) => {
  expect(suggestion(word, known)).toBe(text);
});
