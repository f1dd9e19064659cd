import { execFileSync } from "node:child_process";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { mintDevelopmentToken } from "../../../src/index.ts";
import { projectPath, startChild } from "../harness/child.ts";
import { User } from "../harness/user.ts";

const main = projectPath("src/cli/main.ts");
const enter = "\u001B[?1049h\u001B[?25l";
const leave = "\u001B[?25h\u001B[?1049l";

describe("quicpipe top", () => {
  it("prints one plain look where there is no terminal", async () => {
    const user = new User();
    const { url } = await user.startRelay();
    for (const more of [[], ["--once"]]) {
      const { status, stdout } = await user.run("top", "--relay", url, ...more);
      expect(status).toBe(0);
      expect(stdout).toMatch(/^quicpipe relay, (native|dgram)/);
      expect(stdout).toMatch(/^user +\d+ +\d+ B\/s +0 +0 B$/m);
      expect(stdout).not.toContain("\u001B");
    }
  });

  it("prints a look as JSON", async () => {
    const user = new User();
    const { url } = await user.startRelay();
    const { stdout } = await user.run("top", "--relay", url, "--json");
    const { stats, rates } = JSON.parse(stdout);
    expect(stats).toMatchObject({ registrations: 0, page: { registrations: [], next: null } });
    expect(rates.kernel).toEqual({ packetsPerSecond: 0, bytesPerSecond: 0 });
  });

  it("says what it lacks", async () => {
    const user = new User();
    const { url, child: relay } = await user.startRelay();
    const elsewhere = await user.run("top", "--relay", "https://192.0.2.1:4433");
    expect([elsewhere.status, elsewhere.stderr]).toEqual([2, expect.stringContaining("scope relay:admin")]);
    vi.stubEnv("XDG_STATE_HOME", user.env["XDG_STATE_HOME"]);
    onTestFinished(() => void vi.unstubAllEnvs());
    user.env["QUICPIPE_TOKEN"] = await mintDevelopmentToken({ sub: "alice" });
    const closed = await user.run("top", "--relay", url);
    expect([closed.status, closed.stderr]).toEqual([
      1,
      expect.stringContaining("ERR_QUICPIPE_SCOPE_MISSING"),
    ]);
    const plain = await user.run("top", "--relay", url.replace("https:", "http:"));
    expect([plain.status, plain.stderr]).toEqual([1, expect.stringContaining("take the https: URL")]);
    relay.process.kill("SIGTERM");
    await relay.exited;
  });

  it("redraws on a terminal's second screen, waits for a relay that is gone, and gives the terminal back", async () => {
    execFileSync("script", ["--version"]);
    const user = new User();
    const { url, child: relay } = await user.startRelay();
    const command = `stty cols 80 rows 20; exec '${process.execPath}' '${main}' top --relay ${url}`;
    const terminal = startChild("script", ["-qec", command, "/dev/null"], { env: user.env });
    // Three pictures, one over the other.
    await terminal.prints(/(?:packets\/s[^]*){6}/);
    expect(terminal.stdout().startsWith(enter)).toBe(true);
    relay.process.kill("SIGKILL");
    await terminal.prints(/these figures are old/);
    terminal.process.stdin.write("q");
    expect(await terminal.exited).toBe(0);
    expect(terminal.stdout().endsWith(leave)).toBe(true);
  });
});
