import { spawnSync } from "node:child_process";

/** Prints why XDP is skipped. Returns the exit code: 1 if QUICPIPE_REQUIRE names xdp, otherwise 0. */
export function skip(reason: string): number {
  process.stderr.write(`skipping XDP: ${reason}\n`);
  return (process.env["QUICPIPE_REQUIRE"] ?? "").split(",").includes("xdp") ? 1 : 0;
}

/** Returns why the program cannot be built, or loaded in a network namespace; `undefined` if it can. */
export function findMissing(): string | undefined {
  const tools = ["clang", "bpftool", "ip"].filter((tool) => spawnSync(tool, ["version"]).error);
  if (tools.length > 0)
    return `no ${tools.join(", ")} here: apt-get install clang libclang-rt-14-dev bpftool libbpf-dev iproute2`;
  // Exercises both privileges at once.
  if (spawnSync("unshare", ["--net", "bpftool", "prog", "list"]).status === 0) return undefined;
  return "no right here to load programs into the kernel and to make networks: run as root";
}
