import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { mintDevelopmentToken } from "../../src/index.ts";
import { type Child, projectPath, startChild } from "./harness/child.ts";

const main = projectPath("src/cli/main.ts");
const enter = "\u001B[?1049h\u001B[?25l";
const leave = "\u001B[?25h\u001B[?1049l";

interface Setup {
  readonly url: string;
  readonly relay: Child;
  readonly env: NodeJS.ProcessEnv;
  run(...args: string[]): Promise<{ status: number | NodeJS.Signals; stdout: string; stderr: string }>;
}

/** A relay as the command line runs it, with a state directory of its own. */
async function startRelay(): Promise<Setup> {
  const folder = mkdtempSync(join(tmpdir(), "quicpipe-top-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const env = { XDG_STATE_HOME: folder, NODE_ENV: "", QUICPIPE_TOKEN: "" };
  const quicpipe = (...args: string[]): Child => startChild(process.execPath, [main, ...args], { env });
  const relay = quicpipe("relay", "--host", "127.0.0.1", "--port", "0");
  const [, port] = await relay.prints(/relay on UDP 127\.0\.0\.1:(\d+)/);
  const url = `https://127.0.0.1:${port}`;
  return {
    url,
    relay,
    env,
    async run(...args) {
      const child = quicpipe(...args);
      child.process.stdin.end();
      return { status: await child.exited, stdout: child.stdout(), stderr: child.stderr() };
    },
  };
}

describe("quicpipe top", () => {
  it("prints one plain look where there is no terminal", async () => {
    const { run, url } = await startRelay();
    for (const more of [[], ["--once"]]) {
      const { status, stdout } = await run("top", "--relay", url, ...more);
      expect(status).toBe(0);
      expect(stdout).toMatch(/^quicpipe relay, (native|dgram)/);
      expect(stdout).toMatch(/^user +\d+ +\d+ B\/s +0 +0 B$/m);
      expect(stdout).not.toContain("\u001B");
    }
  });

  it("prints a look as JSON", async () => {
    const { run, url } = await startRelay();
    const { stdout } = await run("top", "--relay", url, "--json");
    const { stats, rates } = JSON.parse(stdout);
    expect(stats).toMatchObject({ registrations: 0, page: { registrations: [], next: null } });
    expect(rates.kernel).toEqual({ packetsPerSecond: 0, bytesPerSecond: 0 });
  });

  it("says what it lacks", async () => {
    const { env, run, url, relay } = await startRelay();
    const elsewhere = await run("top", "--relay", "https://192.0.2.1:4433");
    expect([elsewhere.status, elsewhere.stderr]).toEqual([2, expect.stringContaining("scope relay:admin")]);
    process.env["XDG_STATE_HOME"] = env["XDG_STATE_HOME"];
    onTestFinished(() => void delete process.env["XDG_STATE_HOME"]);
    env["QUICPIPE_TOKEN"] = await mintDevelopmentToken({ sub: "alice" });
    const closed = await run("top", "--relay", url);
    expect([closed.status, closed.stderr]).toEqual([
      1,
      expect.stringContaining("ERR_QUICPIPE_SCOPE_MISSING"),
    ]);
    relay.process.kill("SIGTERM");
    await relay.exited;
  });

  it("redraws on a terminal's second screen, waits for a relay that is gone, and gives the terminal back", async () => {
    execFileSync("script", ["--version"]);
    const { env, relay, url } = await startRelay();
    const command = `stty cols 80 rows 20; exec '${process.execPath}' '${main}' top --relay ${url}`;
    const terminal = startChild("script", ["-qec", command, "/dev/null"], { env: { ...env, TERM: "xterm" } });
    // Three pictures, one over the other.
    await terminal.prints(/(?:packets\/s[^]*){6}/);
    expect(terminal.stdout().startsWith(enter)).toBe(true);
    relay.process.kill("SIGKILL");
    await terminal.prints(/these figures are old/);
    terminal.process.stdin.write("q");
    expect(await terminal.exited).toBe(0);
    expect(terminal.stdout().endsWith(leave)).toBe(true);
  }, 40_000);
});
