// Runs alone: it judges the pace of a relay under load.
import { expect, it } from "vitest";
import { projectPath, startChild } from "./harness/child.ts";

const soak = projectPath("scripts/soak.ts");

it("npm run soak serves the honest in a short run, without an attack", async () => {
  const short = ["--minutes", "0.1", "--warm-up", "0.05", "--hostile-percent", "0"];
  const run = startChild(process.execPath, [soak, ...short]);
  expect(await run.exited, run.stdout() + run.stderr()).toBe(0);
  expect(run.stdout()).toMatch(/^held$/m);
  expect(run.stderr()).toContain("too short to judge memory");
});
