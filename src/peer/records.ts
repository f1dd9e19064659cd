import { accessSync, closeSync, constants, existsSync, mkdirSync, openSync, statSync } from "node:fs";
import { join } from "node:path";
import { isQuicpipeError } from "../errors.ts";
import { optionError, optionInvalid } from "../option-checks.ts";
import { codeOf } from "../system-error.ts";

/** Files in which connections with other peers are recorded, for tools. */
export interface RecordOptions {
  /**
   * File to which the TLS secrets of connections with other peers are appended, for Wireshark (the format of
   * `SSLKEYLOGFILE`, RFC 9850). Whoever has them can read what the peers say. None if absent.
   */
  readonly keyLogFile?: string | undefined;
  /** Folder in which each connection with another peer writes its packets and states, for a qlog viewer. The one above it has to exist. None if absent. */
  readonly qlogFolder?: string | undefined;
}

/**
 * Makes what the options name, so that a wrong one is told at once: the engine records without a word.
 *
 * @throws ERR_QUICPIPE_OPTION_INVALID if it cannot be written.
 */
export function requireRecords({ keyLogFile, qlogFolder }: RecordOptions): RecordOptions {
  requirePath("keyLogFile", keyLogFile, (path) => {
    if (isPipeOrDevice(path)) throw optionInvalid("keyLogFile", path, "a file, not a pipe or device");
    closeSync(openSync(path, "a", 0o600));
  });
  requirePath("qlogFolder", qlogFolder, (path) => {
    // Not those above it: where the system makes none, as in /proc, Node would try without end.
    if (!existsSync(path)) mkdirSync(path, { mode: 0o700 });
    accessSync(join(path, "/"), constants.W_OK);
  });
  return { keyLogFile, qlogFolder };
}

function requirePath(option: string, path: unknown, make: (path: string) => void): void {
  if (path === undefined) return;
  if (typeof path !== "string" || path === "") throw optionInvalid(option, path, "a path, or else absent");
  try {
    make(path);
  } catch (cause) {
    if (isQuicpipeError(cause)) throw cause;
    throw optionError(
      option,
      `option ${option}: ${path} cannot be written (${codeOf(cause)}); choose another path`,
      cause,
    );
  }
}

/** To open a pipe waits for its reader, and to write to one may. */
function isPipeOrDevice(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  return found !== undefined && !found.isFile() && !found.isDirectory();
}
