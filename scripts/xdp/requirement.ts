import { spawnSync } from "node:child_process";

/** Says in one line why nothing is tested; the exit code is 1 if QUICPIPE_REQUIRE names xdp, and 0 otherwise. */
export function skip(reason: string): number {
  process.stderr.write(`skipping XDP: ${reason}\n`);
  return (process.env["QUICPIPE_REQUIRE"] ?? "").split(",").includes("xdp") ? 1 : 0;
}

/** What is missing to build the program and to load it in a network namespace, or `undefined`. */
export function findMissing(): string | undefined {
  const tools = ["clang", "bpftool", "ip"].filter((tool) => spawnSync(tool, ["version"]).error);
  if (tools.length > 0)
    return `no ${tools.join(", ")} here: apt-get install clang libclang-rt-14-dev bpftool libbpf-dev iproute2`;
  // Asks for both privileges at once.
  if (spawnSync("unshare", ["--net", "bpftool", "prog", "list"]).status === 0) return undefined;
  return "no right here to load programs into the kernel and to make networks: run as root";
}
