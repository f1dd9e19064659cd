import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { gatewayStrangerDivisor, maxMovedPlaces, unprovenPathBytes } from "../../../../src/defaults/index.ts";

/** The value of an enumerator in a file of the native backend: a number, or a product of some. */
function enumeratorOf(file: string, name: string): number {
  const text = readFileSync(new URL(`../../../../src/forwarder/native/${file}`, import.meta.url), "utf8");
  const [, product = ""] = new RegExp(`\\b${name} = ([\\d *]+)`).exec(text) ?? [];
  return product.split("*").reduce((value, factor) => value * Number(factor), 1);
}

it.each([
  ["splice/place.h", "QP_MOVED_PLACES", maxMovedPlaces],
  ["splice/place.h", "QP_STRANGER_DIVISOR", gatewayStrangerDivisor],
  ["splice/probation.c", "UNPROVEN_PATH_BYTES", unprovenPathBytes],
])("C has the same limit as JavaScript: %s %s", (file, name, limit) => {
  expect(enumeratorOf(file, name)).toBe(limit);
});
