import { describe, expect, it } from "vitest";
import { RecentBuckets, TokenBucket } from "../../src/token-bucket.ts";

describe("TokenBucket", () => {
  it("starts full and refuses what is not there", () => {
    const bucket = new TokenBucket(1000, 500, 0);
    expect(bucket.take(500, 0)).toBe(true);
    expect(bucket.take(1, 0)).toBe(false);
  });

  it("fills at its rate, up to its depth", () => {
    const bucket = new TokenBucket(1000, 500, 0);
    bucket.take(500, 0);
    expect(bucket.take(101, 100)).toBe(false);
    expect(bucket.take(100, 100)).toBe(true);
    expect(bucket.take(501, 60_000)).toBe(false);
    expect(bucket.take(500, 60_000)).toBe(true);
  });

  it("adds nothing when the clock goes back, and nothing twice when it comes again", () => {
    const bucket = new TokenBucket(1000, 500, 1000);
    bucket.take(500, 1000);
    expect(bucket.take(1, 0)).toBe(false);
    expect(bucket.take(1, 1000)).toBe(false);
    expect(bucket.take(50, 1050)).toBe(true);
  });

  it("takes a new rate and depth without a gift of tokens", () => {
    const bucket = new TokenBucket(1000, 500, 0);
    bucket.take(400, 0);
    bucket.reshape(2000, 1000, 0);
    expect(bucket.take(101, 0)).toBe(false);
    expect(bucket.take(300, 100)).toBe(true);
    bucket.reshape(1000, 10, 100);
    expect(bucket.take(11, 60_000)).toBe(false);
  });

  it("fills by the old rate until it gets a new one", () => {
    const bucket = new TokenBucket(100, 1000, 0);
    bucket.take(1000, 0);
    bucket.reshape(1_000_000, 1000, 1000);
    expect([bucket.take(101, 1000), bucket.take(100, 1000)]).toEqual([false, true]);
  });

  it("tells how long it takes until it is full", () => {
    const bucket = new TokenBucket(100, 1000, 0);
    expect(bucket.missingMs(0)).toBe(0);
    bucket.take(600, 0);
    expect([bucket.missingMs(0), bucket.missingMs(2000), bucket.missingMs(7000)]).toEqual([6000, 4000, 0]);
  });
});

describe("RecentBuckets", () => {
  it("allows each name its rate, and no more", () => {
    const buckets = new RecentBuckets(3, 3, 10);
    const allowed = ["a", "a", "a", "a", "b"].map((name) => buckets.of(name, 0).take(1, 0));
    expect(allowed).toEqual([true, true, true, false, true]);
    expect(buckets.of("a", 334).take(1, 334)).toBe(true);
    expect(buckets.of("a", 334).take(1, 334)).toBe(false);
  });

  it("remembers only so many names, the most recently seen", () => {
    const buckets = new RecentBuckets(1, 1, 2);
    for (const name of ["a", "b", "a", "c"]) buckets.of(name, 0).take(1, 0);
    expect(buckets.of("a", 0).take(1, 0)).toBe(false);
    expect(buckets.of("b", 0).take(1, 0)).toBe(true);
  });
});
