/**
 * Headers of every answer of the console. Resources load from the relay only, text never becomes markup or script, no other
 * origin can frame, open or read the console, and its addresses are not disclosed to other origins.
 */
export const securityHeaders: Readonly<Record<string, string>> = {
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "img-src 'self' data:",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "require-trusted-types-for 'script'",
  ].join("; "),
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=()",
  "referrer-policy": "same-origin",
  "x-content-type-options": "nosniff",
};

/**
 * Reports whether a page of the relay's own origin sent a request: by Fetch Metadata, or without it by the `Origin` header.
 * A request with neither does not come from a browser's form or script.
 *
 * @param url the request's URL as received. A proxy may have terminated TLS on the way, but none adds it.
 */
export function isSameOrigin(headers: Headers, url: URL): boolean {
  const site = headers.get("sec-fetch-site");
  if (site !== null) return site === "same-origin";
  const origin = URL.parse(headers.get("origin") ?? "");
  if (origin?.host !== url.host) return false;
  // An attacker on the path can write any http:// page, except on this machine itself.
  const isHere = url.protocol === "http:" && localHosts.test(url.hostname);
  return origin.protocol === "https:" || (origin.protocol === "http:" && isHere);
}

/** Hosts that never leave this machine (W3C Secure Contexts §3.1). */
const localHosts = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/**
 * Name of the cookie that holds a user's token. Browsers reject its prefix without `Secure` (RFC 6265bis §4.1.3); HTTP on
 * localhost counts as secure.
 */
const cookieName = "__Secure-quicpipe";

/** Returns the token in a request's cookies; `undefined` if there is none. */
export function tokenOfCookie(header: string | null): string | undefined {
  const cookies = (header ?? "").split(";").map((cookie) => cookie.trim());
  return (
    cookies.find((cookie) => cookie.startsWith(`${cookieName}=`))?.slice(cookieName.length + 1) || undefined
  );
}

/** Longest life of a session, in seconds: 30 days, as for users that an app's own function names. */
const maxSessionSeconds = 30 * 86_400;

/**
 * Returns the `Set-Cookie` value that keeps a token for the pages below the URL path `path`, for 30 days at most. A lifetime of
 * 0 s deletes it.
 */
export function sessionCookie(token: string, path: string, maxAgeSeconds: number): string {
  const seconds = Math.floor(Math.min(maxAgeSeconds, maxSessionSeconds));
  return `${cookieName}=${token}; Path=${path}; Max-Age=${seconds}; HttpOnly; Secure; SameSite=Strict`;
}
