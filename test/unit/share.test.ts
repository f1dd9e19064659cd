import { describe, expect, it } from "vitest";
import { isWithinShare } from "../../src/share.ts";

const bounds = { one: 8, all: 16 };

describe("isWithinShare", () => {
  it("lets one have its share and no more", () => {
    expect(isWithinShare(1, { own: 7, all: 7 }, bounds)).toBe(true);
    expect(isWithinShare(1, { own: 8, all: 8 }, bounds)).toBe(false);
    expect(isWithinShare(3, { own: 6, all: 6 }, bounds)).toBe(false);
  });

  it("keeps the last quarter for those who have nothing", () => {
    expect(isWithinShare(1, { own: 1, all: 11 }, bounds)).toBe(true);
    expect(isWithinShare(1, { own: 1, all: 12 }, bounds)).toBe(false);
    for (let all = 12; all < 16; all++) expect(isWithinShare(1, { own: 0, all }, bounds)).toBe(true);
    expect(isWithinShare(1, { own: 0, all: 16 }, bounds)).toBe(false);
  });

  it("lets somebody have one thing that is larger than a share, where there is room", () => {
    expect(isWithinShare(9, { own: 0, all: 0 }, bounds)).toBe(true);
    expect(isWithinShare(9, { own: 0, all: 8 }, bounds)).toBe(false);
  });

  it("has at least one place, however little there is", () => {
    expect(isWithinShare(1, { own: 0, all: 0 }, { one: 1, all: 1 })).toBe(true);
    expect(isWithinShare(1, { own: 0, all: 1 }, { one: 1, all: 1 })).toBe(false);
  });
});
