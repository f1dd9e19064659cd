import { describe, expect } from "vitest";
import type { Finding } from "../../../src/forwarder/index.ts";
import { type Child, projectPath } from "../harness/child.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { Namespace } from "../harness/network/namespaces.ts";
import { itWith } from "../harness/requirement.ts";

const ordinaryUser = ["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups"];

/** A host with one cable to another one. */
function createHost(): { host: Namespace; other: Namespace } {
  const [host, other] = [new Namespace("host"), new Namespace("other")];
  host.connect("eth0", "203.0.113.1/24", other, "eth0", "203.0.113.2/24");
  return { host, other };
}

/** Starts `quicpipe relay` on a host, with what it keeps in a folder of the test's own. */
function startRelay(host: Namespace, ...args: string[]): Child {
  const folder = temporaryFolder();
  const command = [projectPath("src/cli/main.ts"), "relay", ...args];
  return host.start(process.execPath, command, { XDG_STATE_HOME: folder, NODE_ENV: "" });
}

/** Runs `quicpipe doctor` on a host to its end. */
async function consult(
  host: Namespace,
  args: readonly string[] = [],
  as: readonly string[] = [],
): Promise<{ status: number | NodeJS.Signals; printed: string }> {
  const command = [...as, process.execPath, projectPath("src/cli/main.ts"), "doctor", ...args];
  const child = host.start(command[0]!, command.slice(1), {});
  return { status: await child.exited, printed: child.stdout() + child.stderr() };
}

describe("quicpipe doctor", () => {
  itWith(
    "netns",
    "xdp",
    "native",
  )("tells root what to set, and is content when that is done", async () => {
    const { host, other } = createHost();
    const before = await consult(host);
    expect(before.printed).toContain("eth0: generic (veth, MTU 1500)");
    expect(before.printed).toContain("→ sysctl -w net.ipv4.conf.eth0.forwarding=1\n");
    expect(before.printed).toContain("problem xdp: ");
    expect(before.printed).not.toContain("\u001B");
    expect(before.status).toBe(1);

    host.run("sysctl", "-qw", "net.ipv4.conf.eth0.forwarding=1");
    other.run("ethtool", "-K", "eth0", "gro", "on");
    const after = await consult(host);
    expect(after.printed).toContain(
      "ok      xdp: a relay started now would forward in the kernel on eth0 (native)",
    );
    expect(after.status).toBe(0);
  });

  itWith(
    "netns",
    "xdp",
    "native",
  )("tells an ordinary user which privileges to get, and how", async () => {
    const { host } = createHost();
    host.run("sysctl", "-qw", "net.ipv4.conf.eth0.forwarding=1");
    const { status, printed } = await consult(host, [], ordinaryUser);
    expect(printed).toContain("problem privileges: needs CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON");
    expect(printed).toContain("→ sudo setcap cap_bpf,cap_net_admin,cap_perfmon+ep ");
    expect(printed).toContain("eth0: generic (veth, MTU 1500)");
    expect(status).toBe(1);
  });

  itWith(
    "netns",
    "xdp",
    "native",
  )("names the program of a relay that runs, and attaches nothing itself", async () => {
    const { host } = createHost();
    host.run("sysctl", "-qw", "net.ipv4.conf.eth0.forwarding=1");
    await consult(host);
    expect(host.ip("link", "show", "eth0")).not.toContain("xdp");

    const relay = startRelay(host, "--xdp", "eth0");
    await relay.prints(/xdp on eth0/);
    const [, id] = /prog\/xdp id (\d+)/.exec(host.ip("-details", "link", "show", "eth0")) ?? [];
    const { status, printed } = await consult(host, ["--json"]);
    const findings = JSON.parse(printed) as Finding[];
    expect(findings.find(({ subject }) => subject === "eth0")).toEqual({
      level: "hint",
      subject: "eth0",
      sentence: `off: another XDP program is attached (id ${id}), and left alone`,
      remedies: [`bpftool prog show id ${id}, which tells whose it is`],
    });
    expect(status).toBe(1);
  });
});
