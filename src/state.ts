import { mkdirSync, openSync, closeSync, fstatSync, readFileSync, writeFileSync } from "node:fs";
import { homedir, platform } from "node:os";
import { dirname, join } from "node:path";
import { QuicpipeError } from "./errors.ts";

/**
 * Path of a file in the user's state directory: `$XDG_STATE_HOME/quicpipe/` or `~/.local/state/quicpipe/`.
 * The environment is read on each call, so that tests and containers can move it.
 */
export function statePath(name: string): string {
  const base = process.env["XDG_STATE_HOME"] || join(homedir(), ".local", "state");
  return join(base, "quicpipe", name);
}

/**
 * Reads a file that holds a secret; `undefined` if there is none.
 *
 * @throws ERR_QUICPIPE_OPTION_INVALID if others may read the file: a secret that leaked must be made anew.
 */
export function readSecretFile(path: string): Buffer | undefined {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  try {
    // Windows has no mode bits for group and others.
    if (platform() !== "win32" && (fstatSync(file).mode & 0o077) !== 0)
      throw new QuicpipeError(
        "ERR_QUICPIPE_OPTION_INVALID",
        `${path} holds a secret but others may read it: delete it to have a new one made, or run \`chmod 600 ${path}\``,
        { details: { path } },
      );
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}

/** Writes a secret to a new file (mode 0600, its folder 0700); leaves a file that exists alone and returns `false`. */
export function createSecretFile(path: string, content: string | Uint8Array): boolean {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  try {
    writeFileSync(path, content, { mode: 0o600, flag: "wx" });
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
