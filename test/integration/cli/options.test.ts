import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createCertificate } from "../../../src/files/certificate.ts";
import { projectPath, startChild } from "../harness/child.ts";
import { User } from "../harness/user.ts";

const main = projectPath("src/cli/main.ts");

describe("quicpipe", () => {
  it.each([
    [["relay", "--stun", "foo"], /^quicpipe: [^·]*--stun \(foo\)[^·]*[^.]; see `quicpipe relay --help`$/],
    [["dial", "bob", "carol", "--as", "alice", "--insecure"], /dial takes no further word "carol"/],
    [["relay", "--port", "-1"], /--port is "-1", but must be a whole number/],
    [["relay", "--host", "localhost"], /--host is "localhost", but must be an IP literal/],
    [["relay", "--trusted-proxies", "::1,10.0.0.0/8"], /--trusted-proxies holds "10\.0\.0\.0\/8", .*prefix/],
    [["dial", "bob", "--as", "alice", "--insecure", "--timeout", "0"], /--timeout is "0".* seconds, from 1/],
    [["dial", "bob", "--as", "..", "--insecure"], /--as is "\.\."/],
    [["token", "--sub", "."], /--sub is "\."/],
    [
      ["token", "--sub", "a", "--scope", "mailbox:send foo"],
      /no "foo"; there are relay:register, .*relay:admin/,
    ],
    [["token", "--sub", "a", "--ttl", "0"], /--ttl is "0"/],
    [
      ["accept", "--insecure", "--as", "bob", "--relay-ca", "/etc/passwd"],
      /--relay-ca \/etc\/passwd holds no certificate/,
    ],
    [
      ["accept", "--insecure", "--as", "bob", "--token-file", projectPath("package.json")],
      /--as "bob" has no effect beside a token.*: leave out --as, or --token-file/,
    ],
    [["relay", "--cert", "/etc/passwd", "--key", "/etc/passwd"], /--cert \/etc\/passwd holds no certificate/],
    [["ping", "bob", "--as", "alice", "--insecure", "--count", "0"], /--count is "0"/],
    [
      ["ping", "bob", "--as", "alice", "--insecure", "--interval", "9"],
      /--interval is "9".*from 10 to 60000/,
    ],
    [["dial", "..", "--as", "alice", "--insecure"], /^quicpipe: NAME is "\.\."/],
    [
      ["dial", "bob", "--as", "alice", "--pin", "zz"],
      /--pin: "zz" is no pin; give the pin of the other peer's key[^{]*$/,
    ],
    [["relay", "--jwks", "ftp://me:secret@x.example/keys"], /--jwks is "ftp:\/\/x\.example\/…", but must be/],
  ])("refuses %j with status 2, and shows what was wrong", async (args, line) => {
    const { status, stderr } = await new User().run(...args);
    expect(stderr.trimEnd()).toMatch(line);
    expect(status).toBe(2);
  });

  it("takes a relay on this machine without TLS, but no CA for it", async () => {
    const user = new User();
    const ca = join(user.env["XDG_STATE_HOME"]!, "ca.pem");
    writeFileSync(ca, (await createCertificate({ name: "a CA" })).certificate);
    const dial = ["dial", "bob", "--as", "alice", "--insecure", "--relay", "http://127.0.0.1:9"];
    expect(await user.run(...dial)).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/UNREACHABLE/),
    });
    expect(await user.run(...dial, "--relay-ca", ca)).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/--relay-ca has no effect: an http: relay has no certificate/),
    });
  });

  it("says that the relay does not answer, not the peer, where nothing runs", async () => {
    const dial = ["dial", "alice", "--as", "alice", "--insecure", "--timeout", "1"];
    const { status, stderr } = await new User().run(...dial, "--relay", "https://127.0.0.1:9");
    expect(status).toBe(1);
    expect(stderr).toMatch(/^quicpipe: dialing alice, which is this peer's own name, at https:/m);
    expect(stderr).toMatch(
      /no answer from 127\.0\.0\.1:9 within 1 s; .* http:\/\/localhost:3000 \(ERR_QUICPIPE_DIAL_TIMEOUT\)/,
    );
  });

  it.each([
    [
      { prot: 1 },
      /option prot is unknown \(did you mean port\?\); known here are host, port, .*, telemetry, tls \(/,
    ],
    [{ port: "4433" }, /option port is /],
    [{ tls: { cert: "nope.pem", key: "nope.pem" } }, /tls\.cert cannot be read: .*nope\.pem/],
    [{ upstream: {} }, /`upstream` in the config file has no effect/],
  ])("names the config file that holds %j, and the option in it", async (config, words) => {
    const user = new User();
    const path = join(user.env["XDG_STATE_HOME"]!, "relay.json");
    writeFileSync(path, JSON.stringify(config));
    const { status, stderr } = await user.run("relay", "--config", path);
    expect([status, stderr]).toEqual([2, expect.stringMatching(words)]);
    expect(stderr).toContain(`quicpipe: ${path}: `);
    expect(stderr).not.toMatch(/hooks|logger/);
  });

  it("refuses an empty token file, whatever else could make a token", async () => {
    const user = new User();
    const path = join(user.env["XDG_STATE_HOME"]!, "token");
    writeFileSync(path, "\n");
    for (const command of [
      ["top", "--once"],
      ["accept", "--insecure", "--as", "bob"],
    ])
      expect(await user.run(...command, "--token-file", path)).toMatchObject({
        status: 2,
        stderr: expect.stringContaining(`--token-file ${path} is empty`),
      });
  });

  it("names a file of its state that is damaged or open to others, and how to mend it, with status 1", async () => {
    const user = new User();
    await user.run("id");
    await user.run("token", "--sub", "a");
    const state = join(user.env["XDG_STATE_HOME"]!, "quicpipe");
    const refused = async (args: string[], file: string): Promise<void> =>
      expect(await user.run(...args)).toMatchObject({
        status: 1,
        stderr: expect.stringMatching(
          new RegExp(`^quicpipe: ${join(state, file)} .*: delete it .*STATE_UNAVAILABLE`),
        ),
      });
    chmodSync(join(state, "identity.pem"), 0o644);
    await refused(["id"], "identity.pem");
    chmodSync(join(state, "identity.pem"), 0o600);
    writeFileSync(join(state, "identity.pem"), "garbage");
    await refused(["id"], "identity.pem");
    writeFileSync(join(state, "development.key"), "");
    await refused(["token", "--sub", "a"], "development.key");
  });

  it.each([["id"], ["token", "--sub", "a"], ["--help"]])(
    "says in one line that stdout cannot be written, with status 1: %j",
    async (...args) => {
      const user = new User();
      await user.run("id");
      const command = `exec "$0" "$@" > /dev/full`;
      const child = startChild("sh", ["-c", command, process.execPath, main, ...args], { env: user.env });
      expect(await child.exited).toBe(1);
      expect(child.stderr()).toMatch(/^quicpipe: stdout cannot be written: ENOSPC.*\n$/);
    },
  );

  it("refuses what is no pin before it asks for a token or makes an identity", async () => {
    const { status, stderr } = await new User().run("accept", "--pin", "abc");
    expect(stderr).toMatch(/^quicpipe: --pin: "abc" is no pin; .*\n$/);
    expect(status).toBe(2);
  });

  it("says in one sentence that Node is too old", async () => {
    const older = 'Object.defineProperty(process.versions, "node", { value: "20.20.2" })';
    const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(older)}` };
    const child = startChild(process.execPath, [main, "--help"], { env });
    expect(await child.exited).toBe(1);
    expect(child.stderr()).toMatch(/^quicpipe needs Node 24 or later, and is run by Node 20\.20\.2: .*\n$/);
  });

  it("names its own options where production has to say how tokens are checked", async () => {
    const user = new User();
    user.env["NODE_ENV"] = "production";
    const { status, stderr } = await user.run("relay", "--port", "0");
    expect([status, stderr]).toEqual([
      2,
      expect.stringMatching(/--issuer .*--jwks .*--auth none .*AUTH_REQUIRED/),
    ]);
  });

  it("says what the development certificate is valid for", async () => {
    const { child } = await new User().startRelay();
    await child.prints(
      /development certificate for localhost, 127\.0\.0\.1, ::1, \S.*; .*--relay-ca: \S+\.pem/,
    );
  });

  it("does not tell of a console that stays closed", async () => {
    const user = new User();
    const relay = user.quicpipe("relay", "--host", "127.0.0.1", "--port", "0", "--auth", "none");
    await relay.prints(/development certificate/);
    expect(relay.stderr()).not.toContain("console at");
  });

  it("says that the token was this machine's own where the relay refuses it", async () => {
    const [here, elsewhere] = [new User(), new User()];
    const { url } = await elsewhere.startRelay();
    const ca = join(elsewhere.env["XDG_STATE_HOME"]!, "quicpipe/development-certificate.pem");
    const common = ["--relay", url, "--relay-ca", ca];
    for (const command of [
      ["top", "--once"],
      ["dial", "bob", "--as", "alice", "--insecure"],
    ])
      expect(await here.run(...command, ...common)).toMatchObject({
        status: 1,
        stderr: expect.stringMatching(
          /made with this machine's development key: .*--token-file.*TOKEN_INVALID/,
        ),
      });
  });
});
