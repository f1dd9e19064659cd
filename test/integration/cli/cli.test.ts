import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, statSync } from "node:fs";
import { describe, expect, it, onTestFinished } from "vitest";
import { certificateFiles, testCertificate } from "../harness/certificate.ts";
import { projectPath, startChild, type Child } from "../harness/child.ts";
import { startHttp3 } from "../harness/gateway.ts";
import { itWith } from "../harness/requirement.ts";
import { User } from "../harness/user.ts";

describe("quicpipe --help", () => {
  it("shows the commands and the first steps, without colours where there is no terminal", async () => {
    const { status, stdout } = await new User().run("--help");
    expect(status).toBe(0);
    for (const command of ["relay", "token", "id", "accept", "dial", "ping", "netcheck", "top", "doctor"])
      expect(stdout).toContain(command);
    expect(stdout).toContain("First steps");
    expect(stdout).not.toContain("\u001B");
    for (const same of [["help"], ["-h"], []])
      expect(await new User().run(...same)).toMatchObject({ status: 0, stdout });
  });

  it.each(["relay", "token", "id", "accept", "dial", "ping", "netcheck", "top", "doctor"])(
    "explains `%s`",
    async (command) => {
      const { status, stdout } = await new User().run(command, "--help");
      expect(status).toBe(0);
      expect(stdout).toContain(`Usage: quicpipe ${command}`);
      expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
      for (const same of [
        ["help", command],
        ["--help", command],
        [command, "anything", "-h"],
      ])
        expect(await new User().run(...same)).toMatchObject({ status: 0, stdout });
    },
  );

  it("is not needed for the version", async () => {
    const versions = [await new User().run("version"), await new User().run("--version")];
    expect(versions[0]).toEqual(versions[1]);
    expect(versions[0]).toMatchObject({ status: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
  });
});

describe("quicpipe", () => {
  it.each([
    [["dail"], 'there is no command "dail" (did you mean dial?)'],
    [["frobnicate"], 'there is no command "frobnicate"; see'],
    [["constructor"], 'there is no command "constructor"'],
    [["help", "relay", "top"], 'help takes no further word "top"'],
    [["help", "relya"], 'there is no command "relya" (did you mean relay?)'],
    [["rely", "--help"], 'there is no command "rely" (did you mean relay?)'],
    [["--help", "rely"], 'there is no command "rely" (did you mean relay?)'],
    [["--verison"], 'there is no option "--verison"'],
    [["token", "--sub", ""], '--sub is ""'],
    [["accept", "--as", "", "--insecure"], '--as is ""'],
    [["token", "--sub", "bob", "--scope", "mailbox:snd"], '--scope: there is no "mailbox:snd"'],
    [["id", "extra"], 'id takes no further word "extra"'],
    [["dial", "bob", "extra"], 'dial takes no further word "extra"'],
    [["token", "--sub", "alice", "--sub", "bob"], "token takes --sub only once"],
    [["relay", "--prot", "1"], "relay has no option --prot"],
    [["relay", "--port", "many"], "--port"],
    [["dial"], "NAME"],
    [["version", "extra"], 'version takes no further word "extra"'],
    [["dial", "bob"], "--pin"],
    [["dial", "bob", "--as", "alice", "--insecure", "--pin", "x"], "--pin or --insecure, not both"],
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

  it("prints the same pin every time, of an identity that only its user can read", async () => {
    const user = new User();
    const [first, second] = [await user.run("id"), await user.run("id")];
    expect(first.stdout).toMatch(/^sha256\/[\w+/]{43}=\n$/);
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
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(/which others can write to \(0777; run `chmod go-w \S+`\): /),
    ]);
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

  it("end with status 1 and the reason when the pin is another", async () => {
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
      `sha256/${Buffer.alloc(32).toString("base64")}`,
    );
    expect([status, stderr]).toEqual([1, expect.stringContaining("ERR_QUICPIPE_PIN_MISMATCH")]);
  });

  it("end with status 1 and the reason when no peer answers or no relay is there", async () => {
    const user = new User();
    const { url, child: relay } = await user.startRelay();
    const pin = `sha256/${Buffer.alloc(32).toString("base64")}`;
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

/** What moves a terminal's cursor, changes its colours or its title, in 7 and in 8 bits, or turns text round. */
const evil = "\u001B[2J\u009B31m\u202Eevil\u001B]0;title\u0007\r";
// eslint-disable-next-line no-control-regex
const unprintable = /[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u202E]/;

describe("quicpipe accept and dial, told to end", () => {
  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const)("by %s end with status %i, and the other end knows at once", async (signal, status) => {
    const { accept, dial } = await new User().pair();
    for (const interrupted of ["dialer", "accepter"] as const) {
      const [accepter, dialer] = [await accept(), dial()];
      dialer.process.stdin.write("hello\n");
      await accepter.prints(/hello/);
      const [ended, other] = interrupted === "dialer" ? [dialer, accepter] : [accepter, dialer];
      ended.process.kill(signal);
      expect(await ended.exited).toBe(status);
      // What it was to get has not all come. By its idle timeout it would know of a silence only.
      expect(await other.exited).toBe(1);
      expect(other.stderr()).toContain(
        "quicpipe: the other side was ended before the stream was: the peer was closed (ERR_QUICPIPE_CONNECTION_CLOSED)\n",
      );
    }
  });

  it("end with a failure where the other end sends nothing before it is ended", async () => {
    const { accept, dial } = await new User().pair();
    const [accepter, dialer] = [await accept(), dial()];
    await expect.poll(() => accepter.stderr()).toContain("connected");
    dialer.process.kill("SIGINT");
    expect(await accepter.exited).toBe(1);
    expect(accepter.stderr()).toContain("the other side was ended before the stream was");
  });

  it("end at once where they still wait", async () => {
    const { accept, dial } = await new User().pair();
    const accepter = await accept();
    accepter.process.kill("SIGTERM");
    expect(await accepter.exited).toBe(143);
    const dialer = dial();
    await dialer.prints(/dialing bob/);
    dialer.process.kill("SIGINT");
    expect(await dialer.exited).toBe(130);
    expect(dialer.stderr()).toMatch(/^quicpipe: dialing bob at \S+\n$/);
  });
});

describe("quicpipe accept", () => {
  it("leaves further dialers to the next accepter", async () => {
    const { accept, dial } = await new User().pair();
    const first = await accept();
    const dialers = [dial("alice"), dial("carol")];
    await first.prints(/connected/);
    const [, name] = /(\w+) connected/.exec(first.stderr())!;
    const [served, queued] = name === "alice" ? dialers : dialers.toReversed();
    for (const { process } of dialers) process.stdin.end("hello");
    first.process.stdin.end("from the first");
    expect([await first.exited, await served!.exited]).toEqual([0, 0]);
    // It was neither taken nor ended.
    expect(queued!.process.exitCode).toBeNull();
    const second = await accept();
    second.process.stdin.end("from the second");
    expect([await second.exited, await queued!.exited]).toEqual([0, 0]);
    expect([served!.stdout(), queued!.stdout()]).toEqual(["from the first", "from the second"]);
    expect([first.stdout(), second.stdout()]).toEqual(["hello", "hello"]);
  });

  it("ends quietly, as by SIGPIPE, where its output is not read any more", async () => {
    const { accept, dial } = await new User().pair();
    const [accepter, dialer] = [await accept(), dial()];
    dialer.process.stdin.write("first\n");
    await accepter.prints(/first/);
    const said = accepter.stderr();
    accepter.process.stdout.destroy();
    // A pipe without a reader is known by writing to it.
    const writing = setInterval(() => dialer.process.stdin.write("more\n"), 50);
    onTestFinished(() => clearInterval(writing));
    dialer.process.stdin.on("error", () => clearInterval(writing));
    expect([await accepter.exited, accepter.stderr()]).toEqual([141, said]);
    expect(await dialer.exited).toBe(1);
  });
});

describe("what others have written", () => {
  it("is shown without control characters: a dialer's name", async () => {
    const { accept, dial } = await new User().pair();
    const [accepter, dialer] = [await accept(), dial(evil)];
    for (const { process } of [accepter, dialer]) process.stdin.end();
    expect([await accepter.exited, await dialer.exited]).toEqual([0, 0]);
    expect(accepter.stderr()).toMatch(/evil.* connected/);
    expect(accepter.stderr() + dialer.stderr()).not.toMatch(unprintable);
  });

  it("is shown without control characters: a relay's refusals and figures", async () => {
    const refusal = (): Response =>
      Response.json({ code: "ERR_QUICPIPE_SCOPE_MISSING", title: evil, detail: evil }, { status: 403 });
    const counts = { [evil]: 1 };
    const long = "as long a reason as can be ".repeat(8);
    const registration = {
      id: evil,
      subject: evil,
      address: evil,
      path: evil,
      expiresAt: evil,
      dropped: counts,
      bytesFrom: 1,
      bytesTo: 1,
      quietMs: 1,
      rate: { packetsPerSecond: 1, bytesPerSecond: 1 },
    };
    const traffic = { packets: 1, bytes: 1 };
    const stats = {
      registrations: 1,
      cids: 1,
      waiters: 1,
      unclaimed: 1,
      mailbox: { queued: 1 },
      stun: counts,
      address: {},
      backend: evil,
      backendReason: evil + long,
      overflowed: 0,
      dropped: counts,
      refused: counts,
      xdp: { state: evil, reason: evil, interfaces: [{ name: evil, state: evil }] },
      path: { kernel: traffic, user: traffic },
      gateway: { packetsIn: 1, packetsOut: 1, clients: 1 },
      page: { registrations: [registration], next: null },
    };
    const fetch = (request: Request): Response =>
      request.url.includes("/v1/stats") ? Response.json(stats) : refusal();
    const gateway = await startHttp3({ fetch });
    const user = new User();
    const { cert: ca } = certificateFiles(await testCertificate());
    const common = ["--relay", `https://127.0.0.1:${gateway.port}`, "--relay-ca", ca];
    const refused = [
      await user.run("dial", "bob", "--as", "alice", "--insecure", ...common),
      await user.run("accept", "--as", "bob", "--insecure", ...common),
    ];
    for (const { status, stderr } of refused) {
      expect([status, stderr]).toEqual([1, expect.stringContaining("evil")]);
      expect(stderr).not.toMatch(unprintable);
    }
    const [once, json] = [
      await user.run("top", "--once", ...common),
      await user.run("top", "--json", ...common),
    ];
    expect([once.status, once.stdout]).toEqual([0, expect.stringContaining("evil")]);
    // Not cut where the output is no terminal.
    expect(once.stdout).toContain(long);
    expect(once.stdout + json.stdout).not.toMatch(unprintable);
    expect(JSON.parse(json.stdout).stats.backend).toBe(evil);
    stats.path.user = { packets: evil, bytes: evil } as never;
    const odd = await user.run("top", "--once", ...common);
    expect([odd.status, odd.stderr]).toEqual([1, expect.stringContaining("ERR_QUICPIPE_RELAY_REFUSED")]);
  });
});
