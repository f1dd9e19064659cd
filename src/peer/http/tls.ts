import type { SecureContextOptions, ConnectionOptions } from "node:tls";
import { QuicpipeError } from "../../errors.ts";
import { codeOf } from "../../system-error.ts";
import type { RelayTrust } from "../trust/relay-trust.ts";
import { distrusted } from "./http3-error.ts";

/** The server's host, and how to verify its certificate. */
export interface TlsOptions {
  readonly host: string;
  readonly trust: RelayTrust;
}

/**
 * Options of a TLS client that verifies as HTTP/3 does. Node alone would take the common name of a certificate without other names.
 *
 * @throws ERR_QUICPIPE_INTERNAL for pins, which Node's TLS does not check: any server would pass.
 */
export function tlsOptions({
  trust,
}: TlsOptions): Pick<ConnectionOptions, "servername" | "rejectUnauthorized" | "checkServerIdentity"> &
  Pick<SecureContextOptions, "ca"> {
  const { demand, serverName = "" } = trust;
  if (demand.kind === "pins")
    throw new QuicpipeError("ERR_QUICPIPE_INTERNAL", "TLS over TCP would not check the pins of a server");
  const isVerified = demand.kind === "ca";
  return {
    servername: serverName,
    rejectUnauthorized: isVerified,
    ...(isVerified && { ca: demand.pem }),
    checkServerIdentity: (_host, { raw }) => {
      const why = trust.refusalOf(raw);
      return why === undefined ? undefined : distrusted(why);
    },
  };
}

/** Returns the reason of a failure. Where several addresses were tried, the error has an empty message and one of each in it. */
export function reasonOf(cause: Error): string {
  if (cause instanceof AggregateError && cause.errors.length > 0)
    return cause.errors.map((each: Error) => reasonOf(each)).join(", ");
  return cause.message || codeOf(cause);
}
