// Where Rust is. Plain JavaScript, for setup.mjs and build-engine.mjs.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir, userInfo } from "node:os";
import { delimiter, join } from "node:path";
import process from "node:process";

/** Returns the user's folder, whatever HOME says; a container may know no user. */
function home() {
  try {
    return userInfo().homedir;
  } catch {
    return homedir();
  }
}

/** The environment for cargo. It is found where rustup installs, also for a shell that was open before, or that has another HOME. */
export const cargoEnvironment = {
  ...process.env,
  PATH: [process.env.PATH, join(home(), ".cargo/bin")].join(delimiter),
};
if (existsSync(join(home(), ".rustup"))) cargoEnvironment.RUSTUP_HOME ??= join(home(), ".rustup");

/** Reports whether cargo runs here. */
export const hasCargo = () => spawnSync("cargo", ["--version"], { env: cargoEnvironment }).status === 0;
