import { formatAddress } from "../../wire/address.ts";

/** Where clients reach HTTP/3. */
export interface AltAuthority {
  /** Host name or IP literal; absent for the host that the client asked for. */
  readonly host?: string | undefined;
  readonly port: number;
}

/** Time for which a client may remember the service: a day, the default of RFC 7838 §3.1. */
const maxAgeSeconds = 86_400;

/** Returns the value of `Alt-Svc` (RFC 7838 §3) for a client that asked for `authority`. */
export function altSvc({ host, port }: AltAuthority, authority: string | undefined): string {
  const isSame = host === undefined || URL.parse(`https://${authority}`)?.hostname === urlHost(host);
  const where = isSame ? `:${port}` : formatAddress({ address: host, port });
  return `h3="${where}"; ma=${maxAgeSeconds}`;
}

/** Returns a host as URLs write it. */
function urlHost(host: string): string | undefined {
  return URL.parse(`https://${host.includes(":") ? `[${host}]` : host}`)?.hostname;
}
