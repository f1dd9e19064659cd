import { isQuicpipeError } from "../errors.ts";

/** Returns the `error.type` of an error: its code, or else its class. Messages are not exported. */
export function errorTypeOf(error: unknown): string {
  if (isQuicpipeError(error)) return error.code;
  return error instanceof Error ? error.name : "_OTHER";
}
