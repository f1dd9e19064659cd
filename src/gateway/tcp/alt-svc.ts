import { formatAddress } from "../../wire/address.ts";

/** Where HTTP/3 is served, as clients reach it. */
export interface AltAuthority {
  /** Host name or IP literal; absent for the host that the client asked. */
  readonly host?: string | undefined;
  readonly port: number;
}

/** How long a client may remember that HTTP/3 is served: a day, the default of RFC 7838 §3.1. */
const maxAgeSeconds = 86_400;

/** The value of `Alt-Svc` (RFC 7838 §3) in an answer to a client that asked `authority`. */
export function altSvc({ host, port }: AltAuthority, authority: string | undefined): string {
  const isSame = host === undefined || URL.parse(`https://${authority}`)?.hostname === urlHost(host);
  const where = isSame ? `:${port}` : formatAddress({ address: host, port });
  return `h3="${where}"; ma=${maxAgeSeconds}`;
}

/** A host as URLs write it. */
function urlHost(host: string): string | undefined {
  return URL.parse(`https://${host.includes(":") ? `[${host}]` : host}`)?.hostname;
}
