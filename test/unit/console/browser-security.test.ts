import { describe, expect, it } from "vitest";
import {
  isSameOrigin,
  securityHeaders,
  sessionCookie,
  tokenOfCookie,
} from "../../../src/console/browser-security.ts";

function from(headers: Record<string, string>, url = "https://relay.example:4433/relay/session"): boolean {
  return isSameOrigin(new Headers(headers), new URL(url));
}

describe("a request from the console's own pages", () => {
  it("says so by Fetch Metadata, which goes before its origin", () => {
    expect(from({ "sec-fetch-site": "same-origin" })).toBe(true);
    for (const site of ["cross-site", "same-site", "none", ""])
      expect(from({ "sec-fetch-site": site, origin: "https://relay.example:4433" })).toBe(false);
  });

  it("names its origin where a browser has no Fetch Metadata", () => {
    expect(from({ origin: "https://relay.example:4433" })).toBe(true);
    for (const origin of ["https://relay.example", "https://evil.example:4433", "null", "relay.example:4433"])
      expect(from({ origin })).toBe(false);
  });

  it("came over TLS, whatever a proxy made of it since", () => {
    const behindProxy = "http://relay.example/relay/session";
    expect(from({ origin: "https://relay.example" }, behindProxy)).toBe(true);
    expect(from({ origin: "http://relay.example" }, behindProxy)).toBe(false);
    expect(from({ origin: "http://relay.example:4433" })).toBe(false);
    expect(from({ origin: "ftp://relay.example:4433" })).toBe(false);
  });

  it("needs no TLS on this machine, unless it came with", () => {
    for (const host of ["localhost:3000", "127.0.0.1:3000", "[::1]:3000"]) {
      expect(from({ origin: `http://${host}` }, `http://${host}/relay/session`)).toBe(true);
      expect(from({ origin: `http://${host}` }, `https://${host}/relay/session`)).toBe(false);
    }
    expect(from({ origin: "http://localhost.example" }, "http://localhost.example/")).toBe(false);
  });

  it("is no request that says neither", () => {
    expect(from({})).toBe(false);
  });
});

it("nothing is loaded from elsewhere, and nothing inline", () => {
  const policy = securityHeaders["content-security-policy"]!;
  expect(policy).toMatch(/^default-src 'none'; /);
  expect(policy).not.toMatch(/unsafe|\*|https?:/);
});

describe("the cookie of a session", () => {
  it("is for the console's path, and out of reach for scripts, other sites and plain HTTP", () => {
    const cookie = sessionCookie("a.b.c", "/admin/relay", 61.9);
    expect(cookie).toBe(
      "__Secure-quicpipe=a.b.c; Path=/admin/relay; Max-Age=61; HttpOnly; Secure; SameSite=Strict",
    );
  });

  it("lasts for 30 days at most", () => {
    for (const seconds of [2_592_001, 1e308, Infinity])
      expect(sessionCookie("t", "/relay", seconds)).toContain("; Max-Age=2592000;");
  });

  it("is found among others by its whole name", () => {
    expect(tokenOfCookie("theme=dark; __Secure-quicpipe=a.b-c_d==; x=y")).toBe("a.b-c_d==");
    expect(tokenOfCookie("__Secure-quicpipe2=a; xx__Secure-quicpipe=b")).toBeUndefined();
    expect(tokenOfCookie("__Secure-quicpipe=")).toBeUndefined();
    expect(tokenOfCookie(null)).toBeUndefined();
  });
});
