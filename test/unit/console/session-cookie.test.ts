import { describe, expect, it } from "vitest";
import { sessionCookie, tokenOfCookie } from "../../../src/console/session-cookie.ts";

describe("the cookie of a session", () => {
  it("is for the console's path, and out of reach for scripts, other sites and plain HTTP", () => {
    const cookie = sessionCookie("a.b.c", "/admin/relay", 61.9);
    expect(cookie).toBe(
      "__Secure-quicpipe=a.b.c; Path=/admin/relay; Max-Age=61; HttpOnly; Secure; SameSite=Strict",
    );
  });

  it("is found among others by its whole name", () => {
    expect(tokenOfCookie("theme=dark; __Secure-quicpipe=a.b-c_d==; x=y")).toBe("a.b-c_d==");
    expect(tokenOfCookie("__Secure-quicpipe2=a; xx__Secure-quicpipe=b")).toBeUndefined();
    expect(tokenOfCookie("__Secure-quicpipe=")).toBeUndefined();
    expect(tokenOfCookie(null)).toBeUndefined();
  });
});
