import { describe, expect, it } from "vitest";
import type { Child } from "../harness/child.ts";
import { itWith } from "../harness/requirement.ts";
import { User } from "../harness/user.ts";
import { createLab } from "../nat-lab/lab.ts";
import { startLabUser } from "./lab-user.ts";

/** What a command has printed as JSON, once it has ended with this status. */
async function printed(child: Child, status: number): Promise<Record<string, unknown>> {
  expect([await child.exited, child.stderr()]).toEqual([status, expect.any(String)]);
  return JSON.parse(child.stdout()) as Record<string, unknown>;
}

/** Three round trips have been timed both ways. */
const timed = { httpMs: expect.any(Number), stunMs: expect.any(Number) };

describe("quicpipe netcheck", () => {
  it("tells what a relay on this machine sees, in lines and as JSON", async () => {
    const user = new User();
    const { url } = await user.startRelay();
    const args = ["netcheck", "--relay", url, "--as", "alice"];
    const { status, stdout, stderr } = await user.run(...args);
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(
      /^IPv4 {5}127\.0\.0\.1:\d+, not behind a NAT\n +relay: HTTP [\d.]+ ms, STUN [\d.]+ ms\n/,
    );
    expect(stdout).toMatch(/\nIPv6 {5}not asked: the URL has an IPv4 address; use the relay's name\nrouter /);
    expect(stdout).toMatch(/\nverdict {2}The relay is in this host's own network.*\n$/);
    expect(await printed(user.quicpipe(...args, "--json"), 0)).toMatchObject({
      ipv4: {
        isGlobal: false,
        isBehindNat: false,
        keepsPort: true,
        mapping: "none",
        secondPort: null,
        ...timed,
      },
      ipv6: { kind: "not-asked", problem: expect.stringMatching(/^the URL has an IPv4 address/) },
    });
  });

  it("ends with 1 where the relay cannot be reached", async () => {
    const { status, stdout } = await new User().run(
      "netcheck",
      "--relay",
      "https://127.0.0.1:9",
      "--as",
      "alice",
    );
    expect(status).toBe(1);
    expect(stdout).toMatch(/^IPv4 {5}not reached: no answer from 127\.0\.0\.1:9/);
    expect(stdout).toMatch(/\nverdict {2}The relay cannot be reached, so/);
  });

  it("tells a certificate that is not trusted from a relay that UDP does not reach", async () => {
    const { url } = await new User().startRelay();
    const { status, stdout } = await new User().run("netcheck", "--relay", url, "--as", "alice");
    expect(status).toBe(1);
    expect(stdout).toMatch(
      /^IPv4 {5}not reached: its certificate is not issued by a trusted CA; .*--relay-ca/,
    );
    expect(stdout).toMatch(/\nverdict {2}The relay answers by UDP, but its certificate is not trusted.*\n$/);
  });

  it("says why the relay refuses, and which options have no effect", async () => {
    const user = new User();
    const { url } = await user.startRelay();
    user.env["QUICPIPE_TOKEN"] = "no token";
    const refused = await user.run("netcheck", "--relay", url);
    expect([refused.status, refused.stderr]).toEqual([
      1,
      expect.stringMatching(/\(ERR_QUICPIPE_TOKEN_\w+\)\n$/),
    ]);
    const idle = await user.run("netcheck", "--relay", url, "--insecure");
    expect([idle.status, idle.stderr]).toEqual([
      2,
      expect.stringMatching(/--insecure has no effect without a peer/),
    ]);
    const distrusting = await user.run("netcheck", "--relay", url, "--peer", "bob");
    expect([distrusting.status, distrusting.stderr]).toEqual([2, expect.stringMatching(/say whom to trust/)]);
  });

  itWith("netns")(
    "tells a NAT with one port for all destinations from an open IPv6, and goes direct",
    async () => {
      await using lab = await createLab({ alice: ["full-cone", "open-v6"], bob: "open" });
      const { start, startByName } = await startLabUser(lab);
      await start("bob", "accept").prints(/waiting for a peer/);
      const { ipv4, ipv6 } = lab.addresses.alice;
      const report = await printed(startByName("alice", "netcheck", "--peer", "bob", "--json"), 0);
      expect(report).toMatchObject({
        ipv4: {
          local: expect.stringContaining(`${ipv4!.local}:`),
          public: expect.stringContaining(`${ipv4!.public}:`),
          isGlobal: true,
          isBehindNat: true,
          keepsPort: false,
          mapping: "endpoint-independent",
          ...timed,
        },
        ipv6: {
          public: expect.stringContaining(ipv6!.local),
          isBehindNat: false,
          keepsPort: true,
          mapping: "none",
        },
        peer: { path: "direct", rttMs: expect.any(Number), afterMs: expect.any(Number) },
        verdict: expect.stringMatching(/public address/),
      });
    },
  );

  itWith("netns")(
    "tells a NAT with another port for each destination, and why a peer is on the relay",
    async () => {
      await using lab = await createLab({ alice: "symmetric", bob: "port-dependent" });
      const { start, startByName } = await startLabUser(lab);
      await start("bob", "accept").prints(/waiting for a peer/);
      const checking = startByName("alice", "netcheck", "--peer", "bob");
      expect([await checking.exited, checking.stderr()]).toEqual([0, expect.any(String)]);
      expect(checking.stdout()).toMatch(
        /^IPv4 .*, behind a NAT, which changes the port: .* inside\n +mapping: another port for each/,
      );
      expect(checking.stdout()).toMatch(/\nIPv6 +not reached: this host has no route to 2001:db8::\d\n/);
      expect(checking.stdout()).toMatch(
        /\npeer +bob: relay only: no address of the other peer answers \(checks-timeout\)\n/,
      );
      expect(checking.stdout()).toMatch(
        /\nverdict +There is no direct path to bob \(checks-timeout\)\. .* work with few other peers.*\n$/,
      );
    },
  );
});
