import { expect, it } from "vitest";
import { isJsonObject } from "../../src/json-object.ts";

it("tells objects from all other values of JSON", () => {
  const values: unknown[] = JSON.parse('[{}, {"a": null}, [], [{}], null, true, 0, ""]');
  expect(values.map(isJsonObject)).toEqual([true, true, false, false, false, false, false, false]);
});
