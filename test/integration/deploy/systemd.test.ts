import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { relayArgs } from "../../../src/cli/relay/args.ts";
import { relayConfig } from "../../../src/cli/relay/config.ts";
import { certificateFiles, testCertificate } from "../harness/certificate.ts";
import { projectPath } from "../harness/child.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { itWith } from "../harness/requirement.ts";
import { drainOf, read, run, written } from "./files.ts";

describe("deploy/relay.json", () => {
  it("is a config file that a relay in production takes", () => {
    expect(drainOf(read("relay.json"))).toBeGreaterThan(0);
  });
});

/** The unit, with a command that is here. */
function unit(): string {
  return read("quicpipe-relay.service").replace("/usr/local/bin/quicpipe", process.execPath);
}

describe("deploy/quicpipe-relay.service", () => {
  itWith("systemd-analyze")("is a unit without a fault", () => {
    const { status, output } = run("systemd-analyze", ["verify", written("quicpipe-relay.service", unit())]);
    expect([status, output]).toEqual([0, ""]);
  });

  itWith("systemd-analyze")("exposes little, by systemd's own measure", () => {
    const path = written("quicpipe-relay.service", unit());
    const { output } = run("systemd-analyze", ["security", "--offline=true", "--no-pager", path]);
    const [, exposure] = /Overall exposure level for \S+: ([\d.]+)/.exec(output) ?? expect.fail(output);
    expect(Number(exposure)).toBeLessThan(3);
  });

  it("waits for a relay that drains, and names options that there are", () => {
    const [, seconds] = /^TimeoutStopSec=(\d+)$/m.exec(unit())!;
    expect(Number(seconds)).toBeGreaterThan(drainOf(read("relay.json")));
    const [, command] = /^ExecStart=\S+ relay (.*)$/m.exec(unit())!;
    const flags = [...command!.matchAll(/--([\w-]+)/g)].map(([, flag]) => flag!);
    expect(flags.length).toBeGreaterThan(0);
    expect(Object.keys(relayArgs)).toEqual(expect.arrayContaining(flags));
  });
});

describe("deploy/certbot-deploy-hook.sh", () => {
  it("puts a renewed pair where relay.json has it, for the relay's group alone", async () => {
    const { cert, key } = certificateFiles(await testCertificate());
    const [lineage, tls] = [temporaryFolder(), join(temporaryFolder(), "tls")];
    mkdirSync(lineage, { recursive: true });
    writeFileSync(join(lineage, "fullchain.pem"), readFileSync(cert));
    writeFileSync(join(lineage, "privkey.pem"), readFileSync(key));
    const env = { RENEWED_LINEAGE: lineage, QUICPIPE_TLS: tls, QUICPIPE_GROUP: String(userInfo().gid) };
    for (let times = 0; times < 2; times++)
      expect(run(projectPath("deploy/certbot-deploy-hook.sh"), [], env)).toEqual({ status: 0, output: "" });
    const { tls: files } = relayConfig({ config: projectPath("deploy/relay.json") });
    expect([files!.cert, files!.key]).toEqual(["/etc/quicpipe/tls/cert.pem", "/etc/quicpipe/tls/key.pem"]);
    expect(read("certbot-deploy-hook.sh")).toContain("QUICPIPE_TLS:-/etc/quicpipe/tls}");
    expect(readFileSync(join(tls, "cert.pem"), "utf8")).toBe(readFileSync(cert, "utf8"));
    expect(readFileSync(join(tls, "key.pem"), "utf8")).toBe(readFileSync(key, "utf8"));
    expect(statSync(join(tls, "key.pem")).mode & 0o777).toBe(0o640);
    expect(statSync(tls).mode & 0o777).toBe(0o750);
  });

  it("fails where certbot's files are not there, and leaves nothing half done", () => {
    const tls = join(temporaryFolder(), "tls");
    const env = {
      RENEWED_LINEAGE: temporaryFolder(),
      QUICPIPE_TLS: tls,
      QUICPIPE_GROUP: String(userInfo().gid),
    };
    expect(run(projectPath("deploy/certbot-deploy-hook.sh"), [], env).status).not.toBe(0);
    expect(() => statSync(join(tls, "cert.pem"))).toThrow("ENOENT");
  });
});
