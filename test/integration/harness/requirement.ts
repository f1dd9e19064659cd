import { spawnSync } from "node:child_process";
import { it } from "vitest";

/** Foreign parts that some tests need: how to find out that they are there, and how to get them. */
const parts = {
  caddy: { command: ["caddy", "version"], install: "apt-get install caddy" },
  chromium: { command: ["chromium", "--version"], install: "apt-get install chromium" },
  netns: {
    command: ["unshare", "--net", "nft", "list", "tables"],
    install: "run as root, with `apt-get install iproute2 nftables`",
  },
  go: { command: ["/usr/lib/go-1.19/bin/go", "version"], install: "apt-get install golang-1.19-go" },
} as const;

/** Whether a part runs here, found out and said once for each test file. */
const found = new Map<keyof typeof parts, boolean>();

function isHere(part: keyof typeof parts): boolean {
  const { command, install } = parts[part];
  const [program, ...args] = command;
  if (spawnSync(program, args, { stdio: "ignore" }).status === 0) return true;
  if ((process.env["QUICPIPE_REQUIRE"] ?? "").split(",").includes(part))
    throw new Error(`QUICPIPE_REQUIRE names ${part}, but ${program} does not run: ${install}`);
  process.stderr.write(`skipping tests with ${part}: ${program} does not run (${install})\n`);
  return false;
}

/** `it`, skipped with the reason where the part is missing; a failure instead if QUICPIPE_REQUIRE names it. */
export function itWith(part: keyof typeof parts): typeof it | typeof it.skip {
  const here = found.get(part) ?? isHere(part);
  found.set(part, here);
  return here ? it : it.skip;
}
