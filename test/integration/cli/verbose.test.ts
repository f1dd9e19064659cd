import { describe, expect, it } from "vitest";
import { itWith } from "../harness/requirement.ts";
import { User } from "../harness/user.ts";
import { createLab } from "../nat-lab/lab.ts";
import { startLabUser } from "./lab-user.ts";

describe("quicpipe dial and accept with --verbose", () => {
  itWith("netns")("tell the way to a direct path, the way back, and why", async () => {
    await using lab = await createLab({ alice: "open", bob: "open" });
    const { start } = await startLabUser(lab);
    const accepter = start("bob", "accept", "--verbose");
    await accepter.prints(/waiting for a peer/);
    const dialer = start("alice", "dial", "bob", "--verbose");
    const direct = /quicpipe: relay [\d.]+ ms → direct [\d.]+:\d+ [\d.]+ ms \(\d+ ms after connect\)\n/;
    await Promise.all([dialer.prints(direct), accepter.prints(direct)]);
    lab.cut();
    // Nothing but what it carries shows at once that a path is dead.
    dialer.process.stdin.write("hello\n");
    await dialer.prints(
      /quicpipe: direct path in doubt\nquicpipe: back to the relay: the direct path does not answer \(checks-timeout\)\n/,
    );
    dialer.process.stdin.end();
    accepter.process.stdin.end();
    expect([await dialer.exited, await accepter.exited]).toEqual([0, 0]);
    expect(accepter.stdout()).toBe("hello\n");
  });

  it("tell whose word keeps them on the relay", async () => {
    const { accept, dial } = await new User().pair();
    const [accepter, dialer] = [await accept("--verbose"), dial("alice", "--direct", "never", "--verbose")];
    await dialer.prints(/quicpipe: relay only: this peer is told .* by --direct \(policy\)\n/);
    await accepter.prints(/quicpipe: relay only: the other peer takes no direct path \(peer-policy\)\n/);
    for (const { process } of [dialer, accepter]) process.stdin.end();
    expect([await dialer.exited, await accepter.exited]).toEqual([0, 0]);
  });

  it("end where --direct require finds no direct path, both with the reason", async () => {
    const { accept, dial } = await new User().pair();
    const [accepter, dialer] = [await accept("--direct", "never"), dial("alice", "--direct", "require")];
    expect([await dialer.exited, await accepter.exited]).toEqual([1, 1]);
    expect(dialer.stderr()).toMatch(
      /quicpipe: there is no direct path, .*--direct require.*\(peer-policy\).* \(ERR_QUICPIPE_DIRECT_UNAVAILABLE\)\n$/,
    );
    expect(accepter.stderr()).toMatch(
      /ended before the stream was: the other peer requires a direct path, and there is none \(ERR/,
    );
  });

  itWith("netns")("say that they are connected directly where --direct require asks for it", async () => {
    await using lab = await createLab({ alice: "open", bob: "open" });
    const { start } = await startLabUser(lab);
    const accepter = start("bob", "accept");
    await accepter.prints(/waiting for a peer/);
    const dialer = start("alice", "dial", "bob", "--direct", "require", "--verbose");
    await dialer.prints(/quicpipe: connected to bob directly\nquicpipe: direct [\d.]+:\d+ [\d.]+ ms\n/);
    for (const { process } of [dialer, accepter]) process.stdin.end();
    expect([await dialer.exited, await accepter.exited]).toEqual([0, 0]);
  });

  it("take no other word than a policy for --direct", async () => {
    const { status, stderr } = await new User().run(
      "dial",
      "bob",
      "--as",
      "alice",
      "--insecure",
      "--direct",
      "always",
    );
    expect([status, stderr]).toEqual([2, expect.stringMatching(/--direct.*always.*auto.*require/)]);
  });
});
