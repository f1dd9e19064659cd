import { expect, it } from "vitest";
import { attacks } from "../../../scripts/hostile/attacks/index.ts";
import { projectPath, startChild } from "../harness/child.ts";

const hostile = projectPath("scripts/hostile.ts");

it("npm run hostile refuses a time in which nothing can be told of each attack", async () => {
  const run = startChild(process.execPath, [hostile, "--seconds", "10"]);
  expect(await run.exited).toBe(2);
  const least = 2 * attacks.length;
  expect(run.stderr()).toContain(
    `--seconds is 10; it must be at least ${least} for ${attacks.length} attacks`,
  );
});

it("npm run hostile lists the attacks of a part of a name", async () => {
  const run = startChild(process.execPath, [hostile, "--only", "STUN flood", "--list"]);
  expect(await run.exited, run.stderr()).toBe(0);
  expect(run.stdout().split("\n").filter(Boolean)).toEqual(
    attacks.map(({ name }) => name).filter((name) => name.includes("STUN flood")),
  );
});
