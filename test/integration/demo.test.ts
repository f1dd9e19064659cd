import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { projectPath, startChild } from "./harness/child.ts";
import { temporaryFolder } from "./harness/folder.ts";

const demo = [projectPath("scripts/demo.ts")];

/** Processes with a text in their environment. */
function processesWith(text: string): string[] {
  return readdirSync("/proc").filter((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/environ`, "utf8").includes(text);
    } catch {
      // Not ours to read, or gone.
      return false;
    }
  });
}

describe("npm run demo", () => {
  it("shows hello arriving at the accepter and tells what the relay forwarded", async () => {
    const run = startChild(process.execPath, [...demo, "--seconds", "5"]);
    expect(await run.exited, run.stdout() + run.stderr()).toBe(0);
    expect(run.stdout()).toMatch(/^accepter │ hello$/m);
    // Its development key is not the one that a token on the command line would be signed with.
    expect(run.stdout()).not.toContain("quicpipe token");
    expect(run.stdout()).toMatch(
      /^demo: \d+ hellos? arrived; the relay forwarded \d+ packets, \d+ bytes \((?:native|dgram)\)$/m,
    );
  });

  it("ends cleanly with Ctrl-C", async () => {
    const run = startChild(process.execPath, demo);
    await run.prints(/│ hello/);
    run.process.kill("SIGINT");
    expect(await run.exited, run.stderr()).toBe(0);
    expect(run.stdout()).toMatch(/the relay forwarded \d+ packets/);
  });

  it("says nothing of a peer that is gone where Ctrl-C in a terminal ends all of its processes", async () => {
    const run = startChild(process.execPath, demo, { detached: true });
    await run.prints(/│ hello/);
    process.kill(-run.process.pid!, "SIGINT");
    expect(await run.exited, run.stderr()).toBe(0);
    expect(run.stdout()).not.toContain("this peer closed");
  });

  it("ends with all that it started when its output is not read", async () => {
    const folder = temporaryFolder();
    const run = startChild(process.execPath, demo, { env: { TMPDIR: folder } });
    await run.prints(/│ hello/);
    run.process.stdout.destroy();
    run.process.stderr.destroy();
    expect(await run.exited, run.stderr()).toBe(141);
    expect(processesWith(folder)).toEqual([]);
    expect(readdirSync(folder)).toEqual([]);
  });

  it("leaves no folder where it has nothing to do", async () => {
    const folder = temporaryFolder();
    const run = startChild(process.execPath, [...demo, "--help"], { env: { TMPDIR: folder } });
    expect(await run.exited, run.stderr()).toBe(0);
    expect(readdirSync(folder)).toEqual([]);
  });

  it("fails with the reason when no hello could arrive", async () => {
    const run = startChild(process.execPath, [...demo, "--seconds", "0.01"]);
    expect(await run.exited).toBe(1);
    expect(run.stderr()).toContain("no hello arrived");
  });

  it("refuses a time that is none with status 2", async () => {
    const run = startChild(process.execPath, [...demo, "--seconds", "soon"]);
    expect(await run.exited).toBe(2);
  });
});
