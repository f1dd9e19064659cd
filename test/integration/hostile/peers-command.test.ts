import { expect, it } from "vitest";
import { floods } from "../../../scripts/hostile/peers/floods.ts";
import { projectPath, startChild } from "../harness/child.ts";

const command = projectPath("scripts/hostile-peers.ts");

it("npm run hostile:peers refuses a time in which nothing can be told of a flood", async () => {
  const run = startChild(process.execPath, [command, "--seconds", "0.5"]);
  expect(await run.exited).toBe(2);
  expect(run.stderr()).toContain("hostile:peers: --seconds is 0.5; it must be at least 1");
});

it("npm run hostile:peers lists the floods of a part of a name", async () => {
  const run = startChild(process.execPath, [command, "--only", "CRYPTO", "--list"]);
  expect(await run.exited, run.stderr()).toBe(0);
  const names = floods.map(({ name }) => name).filter((name) => name.includes("CRYPTO"));
  expect(run.stdout().split("\n").filter(Boolean)).toEqual(names);
  expect(names.length).toBeGreaterThan(1);
});
