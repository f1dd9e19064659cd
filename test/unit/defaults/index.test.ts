import { globSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import * as defaults from "../../../src/defaults/index.ts";

it("every default number is used by the source", () => {
  const files = globSync(new URL("../../../src/**/*.ts", import.meta.url).pathname);
  const source = files
    .filter((file) => !file.endsWith("defaults.ts"))
    .map((file) => readFileSync(file, "utf8"))
    .join("\n");
  const unused = Object.keys(defaults).filter((name) => !new RegExp(`\\b${name}\\b`).test(source));
  expect(files.length).toBeGreaterThan(50);
  expect(unused).toEqual([]);
});
