import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import { isQuicpipeError, QuicpipeError, type QuicpipeErrorOptions } from "../errors.ts";
import { claimFolder, refusalOf } from "./private-folder.ts";
import { codeOf } from "../system-error.ts";

/**
 * Returns the path of a file in the user's state directory: `$XDG_STATE_HOME/quicpipe/` or `~/.local/state/quicpipe/`. It
 * reads the environment on each call, so that tests and containers can move the directory.
 *
 * @throws ERR_QUICPIPE_STATE_UNAVAILABLE if neither is an absolute path.
 */
export function statePath(name: string): string {
  const { XDG_STATE_HOME: given = "" } = process.env;
  // A relative path is ignored (XDG Base Directory Specification).
  const base = isAbsolute(given) ? given : join(requireHome(), ".local", "state");
  return join(base, "quicpipe", name);
}

/** Returns the path of the development certificate without its key: what peers on this machine trust, and a file for others. */
export function developmentCertificatePath(): string {
  return statePath("development-certificate.pem");
}

/**
 * Reads a file of the state directory; `undefined` if it does not exist.
 *
 * @throws ERR_QUICPIPE_STATE_UNAVAILABLE if the folder is not private to this user, or the file cannot be read.
 */
export function readStateFile(path: string): Buffer | undefined {
  return readFile(path, () => undefined);
}

/**
 * Reads a secret from a file of the state directory; `undefined` if it does not exist.
 *
 * @throws ERR_QUICPIPE_STATE_UNAVAILABLE as {@link readStateFile}, and if other users may read the file: a leaked secret
 *   must be replaced.
 */
export function readSecretFile(path: string): Buffer | undefined {
  return readFile(path, (stats) => requireSecret(path, stats));
}

/**
 * Writes a secret to a new file (mode 0600, its folder 0700). Returns `false`, and changes nothing, if the file exists.
 *
 * @throws ERR_QUICPIPE_STATE_UNAVAILABLE if the file cannot be created, or the folder is not private to this user.
 */
export function createSecretFile(path: string, content: string | Uint8Array): boolean {
  return writeFile(path, content, { mode: 0o600, flag: "wx" });
}

/**
 * Writes a public file of the state directory, unless it already has that content.
 *
 * @throws ERR_QUICPIPE_STATE_UNAVAILABLE as {@link createSecretFile}.
 */
export function keepStateFile(path: string, content: string): void {
  if (readStateFile(path)?.toString() !== content) writeFile(path, content, { mode: 0o644, flag: "w" });
}

/** A user without an entry in the system's user table, as in a container, has no home folder unless `HOME` is set. */
function requireHome(): string {
  let home: string;
  try {
    home = homedir();
  } catch (cause) {
    throw unavailable("there is no home folder to keep state in", cause);
  }
  if (!isAbsolute(home)) throw unavailable(`there is no home folder to keep state in (HOME is "${home}")`);
  return home;
}

/** Longest file that is read, in bytes: an identity with its certificate has some 1000. */
const maxFileBytes = 65_536;

function readFile(path: string, check: (stats: Stats) => void): Buffer | undefined {
  requirePrivate(dirname(path), refusalOf);
  let file: number | undefined;
  try {
    // A FIFO without a writer does not hold up the process.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = fstatSync(file);
    requireSmall(path, stats);
    check(stats);
    return readFileSync(file);
  } catch (cause) {
    const code = codeOf(cause);
    if (file === undefined && code === "ENOENT") return undefined;
    throw isQuicpipeError(cause) ? cause : unavailable(`${path} cannot be read (${code})`, cause);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function writeFile(
  path: string,
  content: string | Uint8Array,
  options: { readonly mode: number; readonly flag: "w" | "wx" },
): boolean {
  requirePrivate(dirname(path), claimFolder);
  try {
    writeFileSync(path, content, options);
    return true;
  } catch (cause) {
    const code = codeOf(cause);
    if (options.flag === "wx" && code === "EEXIST") return false;
    throw unavailable(`${path} cannot be written (${code})`, cause);
  }
}

function requirePrivate(folder: string, refuse: (folder: string) => string | undefined): void {
  const refusal = refuse(folder);
  if (refusal !== undefined) throw unavailable(`the state folder ${folder} ${refusal}`);
}

function requireSmall(path: string, stats: Stats): void {
  if (!stats.isFile()) throw damaged(path, "is no regular file");
  if (stats.size > maxFileBytes) throw damaged(path, `has more than ${maxFileBytes} bytes`);
}

function requireSecret(path: string, { mode, uid }: Stats): void {
  const user = process.geteuid?.();
  // Windows has no mode bits for group and others.
  if (user === undefined) return;
  if (uid !== user && uid !== 0) throw exposed(path, `belongs to another user (${uid})`);
  if ((mode & 0o077) !== 0) throw exposed(path, "others may read it");
}

/** Returns the error for a file of the state directory with unexpected content. */
export function damaged(path: string, fault: string, cause?: unknown): QuicpipeError {
  return stateError(`${path} ${fault}: delete it to have a new one made`, { cause, details: { path } });
}

function unavailable(fault: string, cause?: unknown): QuicpipeError {
  const remedy = "mend that, or set XDG_STATE_HOME to a folder of this user alone that can be written";
  return stateError(`${fault}: ${remedy}`, { cause });
}

function exposed(path: string, reason: string): QuicpipeError {
  const remedy = `delete it to have a new one made, or run \`chmod 600 ${path}\``;
  return stateError(`${path} holds a secret but ${reason}: ${remedy}`, { details: { path } });
}

function stateError(
  message: string,
  options: QuicpipeErrorOptions<"ERR_QUICPIPE_STATE_UNAVAILABLE">,
): QuicpipeError {
  return new QuicpipeError("ERR_QUICPIPE_STATE_UNAVAILABLE", message, options);
}
