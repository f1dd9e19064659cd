import { globSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import * as defaults from "../../../src/defaults/index.ts";

const root = new URL("../../../", import.meta.url).pathname;

/** The code of files, without comments: a name that only a comment has is not used. */
function codeOf(pattern: string, exclude: string[] = []): string {
  const files = globSync(pattern, { cwd: root, exclude });
  const text = files.map((file) => readFileSync(`${root}${file}`, "utf8")).join("\n");
  return text.replace(/\/\*[^]*?\*\/|(?<!:)\/\/.*/g, "");
}

/** Names that code takes from the defaults: members of the module, and lists of them. */
function namesUsedIn(code: string): Set<string> {
  const members = [...code.matchAll(/\bdefaults\.(\w+)/g)].map(([, name]) => name!);
  const lists = [...code.matchAll(/\{([^{}]*)\} (?:from "[^"]*\/defaults\/\w+\.ts"|= defaults;)/g)];
  return new Set([...members, ...lists.flatMap(([, names]) => names!.match(/\w+/g) ?? [])]);
}

it("every default number is used by the source, or in another default", () => {
  const names = Object.keys(defaults);
  const used = namesUsedIn(codeOf("src/**/*.ts", ["src/defaults/**"]));
  const words = codeOf("src/defaults/*.ts").match(/\w+/g)!;
  const isUsed = (name: string): boolean =>
    used.has(name) || words.filter((word) => word === name).length > 1;
  expect(names.length).toBeGreaterThan(100);
  expect(names.filter((name) => !isUsed(name))).toEqual([]);
});
