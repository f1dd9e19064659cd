import { readFileSync } from "node:fs";
import { QuicpipeError } from "../errors.ts";

/**
 * Reads a whole number of at least 0 from a command line value.
 *
 * @throws ERR_QUICPIPE_OPTION_INVALID naming the option and the value.
 */
export function requireNumber(option: string, value: string): number {
  if (/^\d{1,15}$/.test(value)) return Number(value);
  throw new QuicpipeError(
    "ERR_QUICPIPE_OPTION_INVALID",
    `${option} ${JSON.stringify(value)} is no whole number of at least 0`,
    { details: { option } },
  );
}

/**
 * Reads a file that an option names.
 *
 * @throws ERR_QUICPIPE_OPTION_INVALID naming the option, the file and why it cannot be read.
 */
export function readOptionFile(option: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new QuicpipeError("ERR_QUICPIPE_OPTION_INVALID", `${option} cannot be read: ${why}`, {
      cause,
      details: { option, path },
    });
  }
}

/** Splits a comma-separated value; empty parts do not count. */
export function listOf(value: string | undefined): string[] {
  return (value ?? "")
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}
