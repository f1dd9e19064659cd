import { describe, expect, it } from "vitest";
import type { Child } from "../harness/child.ts";
import { itWith } from "../harness/requirement.ts";
import { User } from "../harness/user.ts";
import { createLab } from "../nat-lab/lab.ts";
import { startLabUser } from "./lab-user.ts";

/** A user with a relay, whose commands talk to it. */
async function setUp(): Promise<{ run: (as: string, ...args: string[]) => Child; accepter: Child }> {
  const user = new User();
  const { url } = await user.startRelay();
  const pin = (await user.run("id")).stdout.trim();
  const run = (as: string, ...args: string[]): Child =>
    user.quicpipe(...args, "--relay", url, "--pin", pin, "--as", as);
  const accepter = run("bob", "accept");
  await accepter.prints(/waiting for a peer/);
  return { run, accepter };
}

const quick = ["--interval", "10"];
const relayed = /^pong from bob by relay 127\.0\.0\.1:\d+ in \d+\.\d ms\n/;

describe("quicpipe ping", () => {
  it("prints a line for each pong, and a summary", async () => {
    const { run } = await setUp();
    const pinger = run("alice", "ping", "bob", "--count", "3", ...quick, "--direct", "never");
    expect([await pinger.exited, pinger.stderr()]).toEqual([
      0,
      expect.stringMatching(/^quicpipe: pinging bob at/),
    ]);
    const [first, second, third, summary] = pinger.stdout().match(/.*\n/g)!;
    for (const line of [first, second, third]) expect(line).toMatch(relayed);
    expect(summary).toMatch(/^3 sent, 3 received, min\/median\/max [\d.]+\/[\d.]+\/[\d.]+ ms\n$/);
  });

  it("prints lines of JSON", async () => {
    const { run } = await setUp();
    const pinger = run("alice", "ping", "bob", "--count", "2", ...quick, "--direct", "never", "--json");
    expect(await pinger.exited).toBe(0);
    const lines = pinger
      .stdout()
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as object);
    const ping = {
      path: "relay",
      remote: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
      rttMs: expect.any(Number),
    };
    const times = { minMs: expect.any(Number), medianMs: expect.any(Number), maxMs: expect.any(Number) };
    expect(lines).toEqual([
      { seq: 1, ...ping },
      { seq: 2, ...ping },
      { sent: 2, received: 2, ...times, reason: "policy" },
    ]);
  });

  it("ends with 1 at the end of the count if no pong came direct, and says why", async () => {
    const { run } = await setUp();
    const args = ["--until-direct", "--count", "2", ...quick, "--direct", "never"];
    const pinger = run("alice", "ping", "bob", ...args);
    expect(await pinger.exited).toBe(1);
    expect(pinger.stderr()).toMatch(/\nquicpipe: no pong came direct: .* \(policy\)\n$/);
  });

  it("prints the summary when it is interrupted", async () => {
    const { run } = await setUp();
    const pinger = run("alice", "ping", "bob", "--interval", "60000", "--direct", "never");
    await pinger.prints(relayed);
    pinger.process.kill("SIGINT");
    expect(await pinger.exited).toBe(130);
    expect(pinger.stdout()).toMatch(/\n1 sent, 1 received, min\/median\/max .* ms\n$/);
  });

  it("is answered while an accepter waits and while it has its peer, and takes no one's place", async () => {
    const { run, accepter } = await setUp();
    const ping = async (as: string): Promise<void> => {
      const pinger = run(as, "ping", "bob", "--count", "1", "--direct", "never");
      expect([await pinger.exited, pinger.stderr()]).toEqual([0, expect.any(String)]);
    };
    await ping("alice");
    const dialer = run("alice", "dial", "bob");
    dialer.process.stdin.write("hello\n");
    await accepter.prints(/hello/);
    const queued = run("carol", "dial", "bob");
    await queued.prints(/dialing bob/);
    await ping("dave");
    await ping("alice");
    for (const { process } of [dialer, accepter]) process.stdin.end();
    expect([await dialer.exited, await accepter.exited]).toEqual([0, 0]);
    expect([accepter.stdout(), accepter.stderr()]).toEqual([
      "hello\n",
      expect.stringMatching(/: alice connected\n$/),
    ]);
    expect(queued.process.exitCode).toBeNull();
  });

  it("fails when the accepter ends between two pings", async () => {
    const { run, accepter } = await setUp();
    const pinger = run("alice", "ping", "bob", "--interval", "60000");
    await pinger.prints(/pong from bob/);
    accepter.process.kill("SIGINT");
    expect([await pinger.exited, await accepter.exited]).toEqual([1, 130]);
    expect(pinger.stdout()).toMatch(/\n1 sent, 1 received/);
    expect(pinger.stderr()).toMatch(
      /the other side was ended between two pings: the peer was closed \(ERR_QUICPIPE_CONNECTION_CLOSED\)\n$/,
    );
  });

  itWith("netns")("ends with 0 when a pong came direct", async () => {
    await using lab = await createLab({ alice: "full-cone", bob: "port-dependent" });
    const { start } = await startLabUser(lab);
    await start("bob", "accept").prints(/waiting for a peer/);
    const pinger = start("alice", "ping", "bob", "--until-direct", "--interval", "100", "--count", "100");
    expect([await pinger.exited, pinger.stderr()]).toEqual([0, expect.any(String)]);
    expect(pinger.stdout()).toMatch(
      /^pong from bob by direct 203\.0\.113\.\d+:\d+ in \d+\.\d ms\n\d+ sent, \d+ received, .*\n$/m,
    );
  });

  itWith("netns")("counts no pong as direct that may have come by the relay, as after a pause", async () => {
    await using lab = await createLab({ alice: "open", bob: "open" });
    const { start } = await startLabUser(lab);
    await start("bob", "accept").prints(/waiting for a peer/);
    const pinger = start("alice", "ping", "bob", "--until-direct", "--interval", "8000", "--count", "9");
    expect([await pinger.exited, pinger.stderr()]).toEqual([0, expect.any(String)]);
    expect(pinger.stdout()).toMatch(/ by relay or direct 203[^]* by direct 203.*\n.*sent.*\n$/);
  });

  itWith("netns")("stays direct at pings a second apart", async () => {
    await using lab = await createLab({ alice: "open", bob: "open" });
    const { start } = await startLabUser(lab);
    await start("bob", "accept").prints(/waiting for a peer/);
    const pinger = start("alice", "ping", "bob", "--count", "10");
    expect([await pinger.exited, pinger.stderr()]).toEqual([0, expect.any(String)]);
    // A path that nothing goes by for 5 s would rest by then.
    expect(pinger.stdout()).toMatch(/( by direct .*\n.*){2}10 sent/);
  });

  itWith("netns")("goes on by the relay where the way is cut", async () => {
    await using lab = await createLab({ alice: "open", bob: "open" });
    const { start } = await startLabUser(lab);
    await start("bob", "accept").prints(/waiting for a peer/);
    const pinger = start("alice", "ping", "bob", "--interval", "100", "--count", "1000");
    await pinger.prints(/by direct/);
    lab.cut();
    await pinger.prints(/by direct [^]*by relay/);
    pinger.process.kill("SIGINT");
    expect(await pinger.exited).toBe(130);
  });
});
