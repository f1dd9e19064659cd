import { describe, expect, it } from "vitest";
import { SourceLimiter } from "../../../../src/forwarder/stun/payer.ts";

describe("SourceLimiter", () => {
  it("allows each source its rate, and no more", () => {
    const limiter = new SourceLimiter(3, 10);
    const allowed = ["a", "a", "a", "a", "b"].map((source) => limiter.take(source, 0));
    expect(allowed).toEqual([true, true, true, false, true]);
    expect(limiter.take("a", 334)).toBe(true);
    expect(limiter.take("a", 334)).toBe(false);
  });

  it("takes the addresses of an IPv6 /64 for one source", () => {
    const limiter = new SourceLimiter(1, 10);
    const sources = ["2001:db8::1", "2001:db8::2:1", "2001:db8:0:1::1", "::ffff:192.0.2.1", "192.0.2.1"];
    expect(sources.map((source) => limiter.take(source, 0))).toEqual([true, false, true, true, false]);
  });

  it("remembers only so many sources, the most recently seen", () => {
    const limiter = new SourceLimiter(1, 2);
    limiter.take("a", 0);
    limiter.take("b", 0);
    limiter.take("a", 0);
    limiter.take("c", 0);
    expect(limiter.take("a", 0)).toBe(false);
    expect(limiter.take("b", 0)).toBe(true);
  });
});
