import { QuicpipeError } from "../errors.ts";
import { type Address, formatAddress } from "../wire/address.ts";
import { codeOf } from "../system-error.ts";

/** The address to bind, and the name of the option that gave its port, if an error is to tell it. */
export interface Place extends Address {
  readonly option?: string | undefined;
}

/**
 * Binds a socket with `bind`. If the system has no IPv6, `::` becomes `0.0.0.0`.
 *
 * @throws ERR_QUICPIPE_LISTEN_FAILED, with advice, and the system's error as its cause.
 */
export async function listen<Bound>(
  { address, port, option }: Place,
  bind: (host: string) => Bound | Promise<Bound>,
): Promise<Bound> {
  try {
    return await bind(address);
  } catch (cause) {
    const code = codeOf(cause);
    if (address === "::" && (code === "EAFNOSUPPORT" || code === "EADDRNOTAVAIL"))
      return await listen({ address: "0.0.0.0", port, option }, bind);
    const where = formatAddress({ address, port });
    const why = option === undefined ? code : `\`${option}\`, ${code}`;
    const reason = `cannot listen on UDP ${where} (${why}): ${adviceFor(code)}`;
    const details = { host: address, port, system: code, ...(option !== undefined && { option }) };
    throw new QuicpipeError("ERR_QUICPIPE_LISTEN_FAILED", reason, { cause, details });
  }
}

function adviceFor(code: string): string {
  if (code === "EADDRINUSE") return "another socket holds the port; stop its process or choose another port";
  if (code === "EACCES") return "ports under 1024 need privileges; choose a higher port or allow this one";
  if (code === "EADDRNOTAVAIL") return "no interface has that address; choose one that has, or `::` for all";
  return "see the cause";
}
