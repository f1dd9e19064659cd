/**
 * What every answer of the console is sent with: nothing is loaded but from the relay itself, no text becomes markup or
 * script, no other site frames, opens or reads it, and no address of it is told to others.
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
 * Tells whether a page of the relay's own origin sent a request: by what the browser says (Fetch Metadata), or, of
 * one that does not, by the origin that it names. What says neither is no browser's form or script.
 *
 * @param url where the request came to. A proxy may have taken the TLS off it, but none is put on on the way.
 */
export function isSameOrigin(headers: Headers, url: URL): boolean {
  const site = headers.get("sec-fetch-site");
  if (site !== null) return site === "same-origin";
  const origin = URL.parse(headers.get("origin") ?? "");
  if (origin?.host !== url.host) return false;
  // Whoever is on the path can write a page of http://, but not of this machine's own.
  const isHere = url.protocol === "http:" && localHosts.test(url.hostname);
  return origin.protocol === "https:" || (origin.protocol === "http:" && isHere);
}

/** Hosts that never leave this machine (W3C Secure Contexts §3.1). */
const localHosts = /^(localhost|127(\.\d+){3}|\[::1\])$/;
