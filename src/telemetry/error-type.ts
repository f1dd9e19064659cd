import { isQuicpipeError } from "../errors.ts";

/** What `error.type` says of an error: its code, else its class. Messages stay where they are. */
export function errorTypeOf(error: unknown): string {
  if (isQuicpipeError(error)) return error.code;
  return error instanceof Error ? error.name : "_OTHER";
}
