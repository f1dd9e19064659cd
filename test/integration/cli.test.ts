import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { projectPath, startChild, type Child } from "./harness/child.ts";
import { itWith } from "./harness/requirement.ts";

/** A user of the command line with a state directory of its own. */
class User {
  readonly env: NodeJS.ProcessEnv;

  constructor() {
    const folder = mkdtempSync(join(tmpdir(), "quicpipe-cli-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    this.env = { XDG_STATE_HOME: folder, NODE_ENV: "", QUICPIPE_TOKEN: "" };
  }

  quicpipe(...args: string[]): Child {
    return startChild(process.execPath, [projectPath("src/cli/main.ts"), ...args], { env: this.env });
  }

  /** Runs a command to its end. */
  async run(...args: string[]): Promise<{ status: number | NodeJS.Signals; stdout: string; stderr: string }> {
    const child = this.quicpipe(...args);
    child.process.stdin.end();
    return { status: await child.exited, stdout: child.stdout(), stderr: child.stderr() };
  }

  /** Starts a relay on a free port and returns its URL. */
  async startRelay(): Promise<{ url: string; child: Child }> {
    const child = this.quicpipe("relay", "--host", "127.0.0.1", "--port", "0");
    const [, port] = await child.prints(/relay on UDP 127\.0\.0\.1:(\d+)/);
    return { url: `https://127.0.0.1:${port}`, child };
  }
}

describe("quicpipe --help", () => {
  it("shows the commands and the first steps, without colours where there is no terminal", async () => {
    const { status, stdout } = await new User().run("--help");
    expect(status).toBe(0);
    for (const command of ["relay", "token", "id", "accept", "dial", "top", "doctor"])
      expect(stdout).toContain(command);
    expect(stdout).toContain("First steps");
    expect(stdout).not.toContain("\u001B");
  });

  it.each(["relay", "token", "id", "accept", "dial", "top", "doctor"])("explains `%s`", async (command) => {
    const { status, stdout } = await new User().run(command, "--help");
    expect(status).toBe(0);
    expect(stdout).toContain(`quicpipe ${command}`);
  });
});

describe("quicpipe", () => {
  it.each([
    [["dail"], 'there is no command "dail"'],
    [["relay", "--prot", "1"], "relay has no option --prot"],
    [["relay", "--port", "many"], "--port"],
    [["dial"], "NAME"],
    [["dial", "bob"], "--pin"],
    [["accept", "--insecure"], "no token"],
    [["dial", "bob", "--as", "alice", "--insecure", "--relay", "nowhere"], "https URL"],
    [["dial", "bob", "--as", "alice", "--insecure", "--relay-ca", "/none"], "--relay-ca cannot be read"],
    [["dial", "bob", "--insecure", "--token-file", "/none"], "--token-file cannot be read"],
    [["relay", "--cert", "/none", "--key", "/none"], "--cert cannot be read"],
    [["relay", "--config", "/none"], "--config cannot be read"],
  ])("refuses %j with exit status 2 and a word of help", async (args, word) => {
    const { status, stderr } = await new User().run(...args);
    expect(stderr).toContain(word);
    expect(status).toBe(2);
  });

  it("prints the same fingerprint every time, of an identity that only its user can read", async () => {
    const user = new User();
    const [first, second] = [await user.run("id"), await user.run("id")];
    expect(first.stdout).toMatch(/^[0-9a-f]{64}\n$/);
    expect(second.stdout).toBe(first.stdout);
    const { stdout: path } = await user.run("id", "--path");
    expect(statSync(path.trim()).mode & 0o777).toBe(0o600);
  });
});

describe("quicpipe with a state folder that cannot be used", () => {
  it("says that there is no home, and makes none in the working directory", async () => {
    const user = new User();
    Object.assign(user.env, { HOME: "", XDG_STATE_HOME: "" });
    const { status, stderr } = await user.run("id");
    expect([status, stderr]).toEqual([1, expect.stringMatching(/no home folder .*STATE_UNAVAILABLE\)\n$/)]);
    expect(existsSync(".local")).toBe(false);
  });

  it("says whose folder it is not", async () => {
    const user = new User();
    chmodSync(user.env["XDG_STATE_HOME"]!, 0o777);
    const { status, stderr } = await user.run("token", "--sub", "alice");
    expect([status, stderr]).toEqual([1, expect.stringMatching(/which others can write to \(0777\): /)]);
  });

  itWith("netns")("reads a home that it cannot write to, and says what it would have to make", async () => {
    const user = new User();
    const state = user.env["XDG_STATE_HOME"]!;
    const readOnly = (...args: string[]): Child =>
      startChild(
        "unshare",
        [
          "--mount",
          "sh",
          "-c",
          'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"',
          state,
          process.execPath,
          projectPath("src/cli/main.ts"),
          ...args,
        ],
        { env: user.env },
      );
    const none = readOnly("id");
    expect([await none.exited, none.stderr()]).toEqual([
      1,
      expect.stringMatching(/cannot be made \(EROFS\): /),
    ]);
    const { child } = await user.startRelay();
    child.process.kill("SIGINT");
    await child.exited;
    const relay = readOnly("relay", "--host", "127.0.0.1", "--port", "0");
    await relay.prints(/serving a development certificate/);
    relay.process.kill("SIGINT");
    expect(await relay.exited).toBe(0);
    const id = readOnly("id");
    expect([await id.exited, id.stderr()]).toEqual([
      1,
      expect.stringMatching(/identity\.pem cannot be written \(EROFS\)/),
    ]);
  });
});

describe("quicpipe accept and dial", () => {
  it("carry stdin and stdout both ways, byte for byte, and end with status 0", async () => {
    const user = new User();
    const { url, child: relay } = await user.startRelay();
    const pin = (await user.run("id")).stdout.trim();
    const accepter = user.quicpipe("accept", "--relay", url, "--as", "bob", "--pin", pin);
    await accepter.prints(/waiting for a peer/);
    const dialer = user.quicpipe("dial", "bob", "--relay", url, "--as", "alice", "--pin", pin);
    const sent = randomBytes(3_000_000).toString("base64");
    dialer.process.stdin.end(sent);
    accepter.process.stdin.end("answer");
    expect([await dialer.exited, dialer.stderr()]).toEqual([0, expect.stringContaining("connected to bob")]);
    expect([await accepter.exited, accepter.stderr()]).toEqual([
      0,
      expect.stringContaining("alice connected"),
    ]);
    expect(accepter.stdout() === sent).toBe(true);
    expect(dialer.stdout()).toBe("answer");
    relay.process.kill("SIGINT");
    expect(await relay.exited).toBe(0);
    expect(relay.stderr()).toMatch(/relayed \d+ packets, .* MB \((?:native|dgram)\)/);
  });

  it("end with status 1 and the reason when the fingerprint is another", async () => {
    const user = new User();
    const { url } = await user.startRelay();
    const pin = (await user.run("id")).stdout.trim();
    const accepter = user.quicpipe("accept", "--relay", url, "--as", "bob", "--pin", pin);
    await accepter.prints(/waiting for a peer/);
    const { status, stderr } = await user.run(
      "dial",
      "bob",
      "--relay",
      url,
      "--as",
      "alice",
      "--pin",
      "0".repeat(64),
    );
    expect([status, stderr]).toEqual([1, expect.stringContaining("ERR_QUICPIPE_PIN_MISMATCH")]);
  });

  it("end with status 1 and the reason when nobody answers or no relay is there", async () => {
    const user = new User();
    const { url, child: relay } = await user.startRelay();
    const pin = "0".repeat(64);
    const dial = ["dial", "bob", "--relay", url, "--as", "alice", "--pin", pin, "--timeout", "2"];
    expect(await user.run(...dial)).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("ERR_QUICPIPE_DIAL_TIMEOUT"),
    });
    relay.process.kill("SIGINT");
    await relay.exited;
    expect(await user.run(...dial)).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/ERR_QUICPIPE_(RELAY_UNREACHABLE|DIAL_TIMEOUT)/),
    });
  });
});
