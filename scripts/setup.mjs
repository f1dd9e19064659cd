// Installs and builds what is missing, then runs the given command with the project's own Node. Plain JavaScript
// without dependencies: this runs before anything is installed, on Node 20 too.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import process from "node:process";
import { hasCargo } from "./cargo.mjs";

const root = new URL("..", import.meta.url).pathname;
const at = (path) => join(root, path);
const modifiedMs = (path) => (existsSync(at(path)) ? statSync(at(path)).mtimeMs : 0);

function run(what, command, args) {
  process.stderr.write(`quicpipe: ${what}\n`);
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ["ignore", 2, 2], env });
  if (status === 0) return;
  process.stderr.write(
    `quicpipe: \`${command} ${args.join(" ")}\` failed${error ? `: ${error.message}` : ""}\n`,
  );
  process.exit(status ?? 1);
}

/** Returns when a file of that kind below a folder last changed. Only a later change makes a build due. */
const newestMs = (folder, kind) =>
  Math.max(
    ...readdirSync(at(folder), { recursive: true })
      .filter((name) => kind.test(name))
      .map((name) => modifiedMs(join(folder, name))),
  );

/** Reports whether a source has no output or an older one. An earlier build may have been interrupted or incomplete. */
const isDistDue = () =>
  readdirSync(at("src"), { recursive: true })
    .filter((name) => /(?<!\.d)\.ts$/.test(name))
    .some((name) => modifiedMs(join("dist", name.replace(/ts$/, "js"))) < modifiedMs(join("src", name)));

/** A failure is not fatal: without the addon everything still runs, only slower, and a machine may have no compiler. */
function buildNative() {
  process.stderr.write("quicpipe: building the native addon …\n");
  const { status } = spawnSync("node", ["scripts/build-native.mjs"], { cwd: root, stdio: "ignore", env });
  if (status !== 0)
    process.stderr.write(
      "quicpipe: the native addon was not built, so the dgram backend runs; `npm run build:native` says why\n",
    );
}

/** A failure is not fatal: without the engine everything but peers works, and a machine may have no Rust. */
function buildEngine() {
  if (!hasCargo()) {
    process.stderr.write(
      "quicpipe: no Rust: peers cannot run here, a relay can; install Rust 1.88 or later (https://rustup.rs), then run `npm run setup`\n",
    );
    return;
  }
  process.stderr.write("quicpipe: building the peers' QUIC engine, once, in some minutes …\n");
  const { status } = spawnSync("node", ["scripts/build-engine.mjs", "--quiet"], {
    cwd: root,
    stdio: ["ignore", "ignore", 2],
    env,
  });
  if (status !== 0)
    process.stderr.write("quicpipe: the QUIC engine was not built, so no peer can run here; a relay can\n");
}

const env = { ...process.env, PATH: `${at("node_modules/.bin")}${delimiter}${process.env.PATH}` };

// npm writes this file last, so an interrupted install is repeated. `npm ci` would require the packages of every
// platform in the lock file, some of which were never published. `npm install` follows the lock file too.
if (modifiedMs("node_modules/.package-lock.json") < modifiedMs("package-lock.json"))
  run("installing dependencies …", "npm", [
    "install",
    "--no-save",
    "--no-audit",
    "--no-fund",
    "--loglevel=error",
  ]);
if (isDistDue()) run("building dist/ …", "npm", ["run", "--silent", "build"]);
const newestNativeMs = Math.max(
  newestMs("src/forwarder/native", /\.[ch]$/),
  newestMs("src/xdp/native", /\.[ch]$/),
  newestMs("bpf", /\.h$/),
  modifiedMs("binding.gyp"),
);
if (process.platform === "linux" && modifiedMs("build/Release/quicpipe.node") < newestNativeMs) buildNative();
const newestEngineMs = Math.max(
  newestMs("src/peer/engine/native/src", /\.rs$/),
  modifiedMs("src/peer/engine/native/Cargo.toml"),
  modifiedMs("src/peer/engine/native/Cargo.lock"),
);
if (modifiedMs("target/quicpipe-engine.node") < newestEngineMs) buildEngine();

const [command, ...args] = process.argv.slice(2);
if (command) {
  const child = spawn(command, args, { stdio: "inherit", env });
  // The terminal sends Ctrl-C to the whole group. The command decides how to end; this process only waits for it.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"])
    process.on(signal, () => signal !== "SIGINT" && child.kill(signal));
  child.on("error", (error) => {
    process.stderr.write(`quicpipe: cannot run ${command}: ${error.message}\n`);
    process.exit(127);
  });
  child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 130 : 1)));
}
