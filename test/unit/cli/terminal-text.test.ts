import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  columnsOf,
  cut,
  fit,
  formatBytes,
  formatDuration,
  printable,
  printableDeep,
  printableJson,
} from "../../../src/cli/terminal-text.ts";

describe("printable", () => {
  it.each([
    ["\u001B[31mred\u001B]0;title\u0007", "·[31mred·]0;title·"],
    ["a\r\nb\tc\u2028d", "a··b·c·d"],
    ["\u202Eevil\u200B", "·evil·"],
    ["\u009B2J", "·2J"],
    ["José 日本 👍", "José 日本 👍"],
  ])("shows %j as %j", (text, shown) => {
    expect(printable(text)).toBe(shown);
  });
});

describe("fit", () => {
  it.each([
    ["ab", 4, "left", "ab  "],
    ["ab", 4, "right", "  ab"],
    ["abcdef", 4, "left", "abc…"],
    ["日本語", 4, "left", "日… "],
    ["日本語", 6, "left", "日本語"],
    ["e\u0301e\u0301", 3, "left", "e\u0301e\u0301 "],
    ["abc", 1, "left", "…"],
    ["abc", 0, "left", ""],
  ] as const)("makes %j in %i columns (%s) %j", (text, columns, align, fitted) => {
    expect(fit(text, columns, align)).toBe(fitted);
  });

  it("keeps no more combining marks than letters need", () => {
    expect(fit("e" + "\u0301".repeat(900_000), 10).length).toBeLessThan(100);
    expect(fit("e\u0302\u0301", 1)).toBe("e\u0302\u0301");
  });

  it("takes exactly the columns that it is given, whatever the text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.nat(40), (text, columns) => {
        expect(columnsOf(fit(printable(text), columns))).toBe(columns);
        expect(columnsOf(cut(printable(text), columns))).toBeLessThanOrEqual(columns);
      }),
    );
  });
});

describe("values of others", () => {
  const evil = "\u001B[2J\u009B\u202E\r\n";

  it("have no control character left in any text or name in them", () => {
    const shown = printableDeep({ [evil]: [evil, 5, null, { [evil]: evil }], good: "Zoë 猫" });
    expect(shown).toEqual({ "·[2J····": ["·[2J····", 5, null, { "·[2J····": "·[2J····" }], good: "Zoë 猫" });
  });

  it("are JSON without a control character but line breaks, and the same when it is read", () => {
    const value = { [evil]: evil, paragraphs: "\u2028\u2029", far: "\u{E0001}", good: "Zoë 猫" };
    const json = printableJson(value);
    expect(json).toMatch(/^[\P{C}\n]*$/u);
    expect(JSON.parse(json)).toEqual(value);
    expect(json).toContain("Zoë 猫");
  });
});

describe("formatBytes", () => {
  it.each([
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1.00 kB"],
    [12_345_678, "12.3 MB"],
    [999_999_999, "1.00 GB"],
    [5e15, "5000 TB"],
  ])("writes %d bytes as %s", (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});

describe("formatDuration", () => {
  it.each([
    [0, "0 s"],
    [12_345, "12 s"],
    [59_400, "59 s"],
    [59_500, "1 min"],
    [3_599_000, "59 min"],
    [172_799_000, "47 h"],
    [172_800_000, "2 d"],
  ])("writes %d ms as %s", (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});
