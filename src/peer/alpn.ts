import { elementInvalid, requireTexts } from "../option-checks.ts";

/** One application protocol, or several in the dialer's order of preference (RFC 7301). */
export type Alpn = string | readonly string[];

/** Longest name of an application protocol, in bytes of UTF-8 (RFC 7301 §3.1). */
const maxBytes = 255;

/**
 * Returns the application protocols of an option, at least one; `fallback` if it is absent.
 *
 * @throws ERR_QUICPIPE_OPTION_INVALID for anything but texts of 1 to 255 bytes.
 */
export function requireAlpn(value: unknown, fallback: readonly string[]): readonly string[] {
  const names = requireTexts("alpn", value) ?? fallback;
  const long = names.find((name) => Buffer.byteLength(name) > maxBytes);
  if (long !== undefined) throw elementInvalid("alpn", long, `names of 1 to ${maxBytes} bytes`);
  return names;
}
