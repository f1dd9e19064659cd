// Builds the peers' QUIC engine, an addon in Rust: `npm run build:engine`. Plain JavaScript, for setup.mjs.
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, renameSync, utimesSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { cargoEnvironment } from "./cargo.mjs";

const folder = join(import.meta.dirname, "../src/peer/engine/native");
// Outside of src/, whose files are formatted, linted and packed.
const target = join(import.meta.dirname, "../target");
const names = ["libquicpipe_engine.so", "libquicpipe_engine.dylib", "quicpipe_engine.dll"];

const { status, error } = spawnSync(
  "cargo",
  ["build", "--release", "--locked", "--target-dir", target, ...process.argv.slice(2)],
  { cwd: folder, stdio: "inherit", env: cargoEnvironment },
);
if (error)
  process.stderr.write(
    `quicpipe: cannot run cargo (${error.message}); the engine is built with Rust 1.88 or later: https://rustup.rs\n`,
  );
if (status !== 0) process.exit(status ?? 1);

const built = names.map((name) => join(target, "release", name)).find((path) => existsSync(path));
const addon = join(target, "quicpipe-engine.node");
// A process that runs the old file would crash if its bytes changed.
const next = `${addon}.next`;
copyFileSync(built, next);
// A build that changed nothing leaves its output as old as it was.
utimesSync(next, new Date(), new Date());
renameSync(next, addon);
