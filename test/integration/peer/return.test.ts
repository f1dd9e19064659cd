import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { type Certificate, createCertificate } from "../../../src/gateway/index.ts";
import { testCertificate } from "../harness/certificate.ts";
import type { Child } from "../harness/child.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { itWith } from "../harness/requirement.ts";
import { openSocket } from "../harness/udp-peer.ts";
import { startPeerProgram, startRelayProgram } from "./processes.ts";

/** Starts a relay as a process of its own. */
function startRelay(
  tls: Certificate,
  { host = "127.0.0.1", port = 0 }: { host?: string; port?: number } = {},
): ReturnType<typeof startRelayProgram> {
  // Two relays of one port on different addresses are no concern of the kernel's.
  return startRelayProgram(tls, { HOST: host, PORT: `${port}`, QUICPIPE_BACKEND: "dgram" });
}

/** Ends a process as a power failure does. */
async function kill({ process, exited }: Child): Promise<void> {
  process.kill("SIGKILL");
  await exited;
}

/** Peers of a relay, each in a process of its own, by a command that leads to it. */
async function startPeers(
  relay: string,
  relayCa: string,
  prefix: readonly string[] = [],
): Promise<{ bob: Child; dial: () => Promise<{ text: string; ms: number }> }> {
  const setting = { relay, relayCa, prefix };
  const bob = await startPeerProgram("accepter", setting);
  return {
    bob,
    async dial() {
      const alice = await startPeerProgram("dialer", setting);
      const [line] = await alice.prints(/^\{.*\}$/m);
      await alice.exited;
      return JSON.parse(line) as { text: string; ms: number };
    },
  };
}

/** A file that is `/etc/hosts` for a process that is started by `prefix`, until the test ends. */
function hostsFile(): { prefix: readonly string[]; write: (...lines: string[]) => void } {
  const folder = temporaryFolder();
  const path = join(folder, "hosts");
  const write = (...lines: string[]): void => writeFileSync(path, `${lines.join("\n")}\n`);
  write("127.0.0.1 localhost");
  const script = `mount --bind '${path}' /etc/hosts && exec "$@"`;
  return { prefix: ["unshare", "--mount", "sh", "-c", script, "sh"], write };
}

describe("an accepter whose relay dies during its long poll", () => {
  it("answers dials again once the relay is back", async () => {
    const tls = await testCertificate();
    const first = await startRelay(tls);
    const { dial } = await startPeers(`https://127.0.0.1:${first.port}`, tls.certificate);
    expect((await dial()).text).toBe("hello");
    let { child } = first;
    for (const awayMs of [0, 4000]) {
      // The poll after the last dial is under way.
      await sleep(1000);
      await kill(child);
      await sleep(awayMs);
      ({ child } = await startRelay(tls, { port: first.port }));
      expect((await dial()).text).toBe("hello");
    }
  });

  it("answers dials again where the relay's certificate comes from another CA of the bundle by then", async () => {
    const [one, other] = await Promise.all(
      ["one", "other"].map((name) => createCertificate({ name, hosts: ["localhost", "127.0.0.1"] })),
    );
    const first = await startRelay(one!);
    const bundle = one!.certificate + other!.certificate;
    const { dial } = await startPeers(`https://localhost:${first.port}`, bundle);
    expect((await dial()).text).toBe("hello");
    await kill(first.child);
    await startRelay(other!, { port: first.port });
    expect((await dial()).text).toBe("hello");
  });

  itWith("netns")("finds the relay again where its name leads by then", async () => {
    const tls = await createCertificate({ name: "relay", hosts: ["relay.test"] });
    const { prefix, write } = hostsFile();
    write("127.0.0.2 relay.test");
    const first = await startRelay(tls, { host: "127.0.0.2" });
    const { bob, dial } = await startPeers(`https://relay.test:${first.port}`, tls.certificate, prefix);
    expect((await dial()).text).toBe("hello");
    let { child } = first;
    // To another address, and to the other family.
    for (const host of ["127.0.0.3", "::1"]) {
      await kill(child);
      write(`${host} relay.test`);
      ({ child } = await startRelay(tls, { host, port: first.port }));
      expect((await dial()).text).toBe("hello");
    }
    bob.process.stdin.end();
    expect(await bob.exited).toBe(0);
  });

  itWith("netns")("tries all addresses of the name, a little apart", async () => {
    execFileSync("unshare", ["--mount", "true"]);
    const tls = await createCertificate({ name: "relay", hosts: ["relay.test"] });
    const { prefix, write } = hostsFile();
    const { port } = await startRelay(tls, { host: "127.0.0.5" });
    for (const host of ["127.0.0.2", "127.0.0.3", "127.0.0.4"]) await openSocket(host, port);
    const names = ["127.0.0.2", "127.0.0.3", "::1", "127.0.0.4", "127.0.0.5"];
    write(...names.map((address) => `${address} relay.test`));
    const { dial } = await startPeers(`https://relay.test:${port}`, tls.certificate, prefix);
    const { text, ms } = await dial();
    expect(text).toBe("hello");
    // Real time is the subject, and has no upper bound. Four of them had their head start, in each of the two processes.
    expect(ms).toBeGreaterThan(4 * 200);
  });
});
