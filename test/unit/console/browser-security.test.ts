import { describe, expect, it } from "vitest";
import { isSameOrigin, securityHeaders } from "../../../src/console/browser-security.ts";

function from(headers: Record<string, string>): boolean {
  return isSameOrigin(new Headers(headers), "relay.example:4433");
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

  it("is no request that says neither", () => {
    expect(from({})).toBe(false);
  });
});

it("nothing is loaded from elsewhere, and nothing inline", () => {
  const policy = securityHeaders["content-security-policy"]!;
  expect(policy).toMatch(/^default-src 'none'; /);
  expect(policy).not.toMatch(/unsafe|\*|https?:/);
});
