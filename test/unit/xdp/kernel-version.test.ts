import { expect, it } from "vitest";
import { isKernelAtLeast } from "../../../src/xdp/kernel-version.ts";

it.each([
  ["5.14.0", true],
  ["5.14-rc1", true],
  ["5.15.0-91-generic", true],
  ["6.1.0-28-amd64", true],
  ["10.0", true],
  ["5.13.19", false],
  ["5.4.0", false],
  ["4.19.0", false],
  ["no version", false],
])("tells whether %s is at least 5.14: %s", (release, isAtLeast) => {
  expect(isKernelAtLeast(release, "5.14")).toBe(isAtLeast);
});
