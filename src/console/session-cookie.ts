/**
 * The cookie that carries the token of somebody who signed in. Its prefix has browsers refuse it without `Secure`
 * (RFC 6265bis §4.1.3), which HTTP on localhost passes for too.
 */
const name = "__Secure-quicpipe";

/** The token in a request's cookies; `undefined` if there is none. */
export function tokenOfCookie(header: string | null): string | undefined {
  const cookies = (header ?? "").split(";").map((cookie) => cookie.trim());
  return cookies.find((cookie) => cookie.startsWith(`${name}=`))?.slice(name.length + 1) || undefined;
}

/** `Set-Cookie` that keeps a token for the pages below `path`; a life of 0 s deletes it. */
export function sessionCookie(token: string, path: string, maxAgeSeconds: number): string {
  return `${name}=${token}; Path=${path}; Max-Age=${Math.floor(maxAgeSeconds)}; HttpOnly; Secure; SameSite=Strict`;
}
