/**
 * Name of the cookie that holds a user's token. Browsers reject its prefix without `Secure` (RFC 6265bis §4.1.3); HTTP on
 * localhost counts as secure.
 */
const name = "__Secure-quicpipe";

/** Returns the token in a request's cookies; `undefined` if there is none. */
export function tokenOfCookie(header: string | null): string | undefined {
  const cookies = (header ?? "").split(";").map((cookie) => cookie.trim());
  return cookies.find((cookie) => cookie.startsWith(`${name}=`))?.slice(name.length + 1) || undefined;
}

/** Returns the `Set-Cookie` value that keeps a token for the pages below `path`. A lifetime of 0 s deletes it. */
export function sessionCookie(token: string, path: string, maxAgeSeconds: number): string {
  return `${name}=${token}; Path=${path}; Max-Age=${Math.floor(maxAgeSeconds)}; HttpOnly; Secure; SameSite=Strict`;
}
