// `npm pack` runs this first, also on a clean clone and on Node 20: builds all that is packed, dist/ from nothing, as it may hold
// what a deleted source has left.
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";

const root = join(import.meta.dirname, "../..");
// `npm pack --dry-run` writes no tarball, but its list is of what is built.
const { npm_config_dry_run: _, ...env } = process.env;

rmSync(join(root, "dist"), { recursive: true, force: true });
const scripts = ["scripts/setup.mjs", "node", "scripts/release/prebuilds.mjs"];
const { status } = spawnSync("node", scripts, { cwd: root, stdio: ["ignore", 2, 2], env });
process.exit(status ?? 1);
