import { spawnSync } from "node:child_process";
import { it } from "vitest";
import { projectPath } from "./child.ts";

/** What some tests need. */
export type Part =
  | "native"
  | "python"
  | "caddy"
  | "chromium"
  | "netns"
  | "go"
  | "go-1.26"
  | "aioquic"
  | "fails-components"
  | "xdp"
  | "coturn"
  | "miniupnpd"
  | "nginx"
  | "promtool"
  | "registry"
  | "sshd"
  | "systemd-analyze";

const xdpProbe =
  "mount -t bpf bpf /mnt && bpftool prog list && ip link && ethtool --version && tshark --version && python3 --version";

const loadsAddon = `
  const loaded = require(${JSON.stringify(projectPath("src/forwarder/native/load.ts"))}).loadAddon();
  process.exit("addon" in loaded ? 0 : 1);`;

/** The parts that some tests need: how to find out that they are there, and how to get them. */
const parts: Readonly<Record<Part, { readonly command: readonly string[]; readonly install: string }>> = {
  native: {
    command: [process.execPath, "--eval", loadsAddon],
    install: "npm run build:native, with a C compiler, make, Python 3 and libbpf-dev",
  },
  python: { command: ["python3", "--version"], install: "apt-get install python3" },
  caddy: { command: ["caddy", "version"], install: "apt-get install caddy" },
  chromium: { command: ["chromium", "--version"], install: "apt-get install chromium" },
  netns: {
    command: [
      "unshare",
      "--net",
      "sh",
      "-c",
      "nft list tables && ip link && ethtool --version && sysctl --version",
    ],
    install: "run as root, with `apt-get install ethtool iproute2 nftables procps`",
  },
  xdp: {
    // Whether this process may make networks, mount a bpf file system and use the bpf system call, and the tools.
    command: ["unshare", "--net", "--mount", "sh", "-c", xdpProbe],
    install: "run as root, with `apt-get install bpftool ethtool iproute2 python3 tshark`",
  },
  coturn: { command: ["sh", "-c", "command -v turnutils_stunclient"], install: "apt-get install coturn" },
  miniupnpd: {
    // The package of nftables; that of the old iptables keeps its rules elsewhere.
    command: ["sh", "-c", "miniupnpd --version | grep nftables"],
    install: "apt-get install --no-install-recommends miniupnpd-nftables",
  },
  nginx: {
    command: ["nginx", "-V"],
    install: "apt-get install --no-install-recommends nginx libnginx-mod-stream",
  },
  promtool: {
    command: ["promtool", "--version"],
    install: "apt-get install --no-install-recommends prometheus",
  },
  "systemd-analyze": { command: ["systemd-analyze", "--version"], install: "apt-get install systemd" },
  sshd: {
    // As root, with a mount namespace of its own.
    command: ["unshare", "--mount", "sh", "-c", "test -x /usr/sbin/sshd && command -v ssh"],
    install: "run as root, with `apt-get install openssh-server`",
  },
  go: { command: ["/usr/lib/go-1.19/bin/go", "version"], install: "apt-get install golang-1.19-go" },
  "go-1.26": {
    command: ["sh", "-c", "go version | grep -Eq 'go1[.](2[6-9]|[3-9][0-9])'"],
    install: "Go 1.26 or newer from go.dev, in PATH",
  },
  registry: {
    command: ["npm", "view", "h3", "version"],
    install: "npm, and a way to the registry of its packages",
  },
  "fails-components": {
    command: [process.execPath, "--eval", 'import("@fails-components/webtransport-transport-http3-quiche")'],
    install:
      "npm install --no-save @fails-components/webtransport@1.6.8 @fails-components/webtransport-transport-http3-quiche@1.6.8, whose install downloads a binary",
  },
  aioquic: {
    command: [projectPath("target/aioquic/bin/python"), "-c", "import aioquic"],
    install:
      "python3 -m venv target/aioquic && target/aioquic/bin/pip install -r test/interop/aioquic/requirements.txt",
  },
};

/** Whether a part runs here, found out and said once for each test file. */
const found = new Map<Part, boolean>();

function find(part: Part): boolean {
  const { command, install } = parts[part];
  const [program, ...args] = command;
  if (spawnSync(program!, args, { stdio: "ignore" }).status === 0) return true;
  if ((process.env["QUICPIPE_REQUIRE"] ?? "").split(",").includes(part))
    throw new Error(`QUICPIPE_REQUIRE names ${part}, which does not run here: ${install}`);
  process.stderr.write(`skipping tests with ${part}, which does not run here: ${install}\n`);
  return false;
}

/** Tells whether a part is here; says once if not, and throws if QUICPIPE_REQUIRE names it. */
export function has(part: Part): boolean {
  const here = found.get(part) ?? find(part);
  found.set(part, here);
  return here;
}

/** `it`, skipped where one of the parts is missing; see {@link has}. */
export function itWith(...needed: Part[]): typeof it | typeof it.skip {
  return needed.every(has) ? it : it.skip;
}

/** The backends that run here. */
export function backends(): readonly ("dgram" | "native")[] {
  return has("native") ? ["dgram", "native"] : ["dgram"];
}
