import { globSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const page = readFileSync("docs/troubleshooting.md", "utf8");
const source = globSync("src/**/*.ts")
  .map((path) => readFileSync(path, "utf8"))
  .join("\n");

/** What one sees, of each row: the parts in backticks, between colons, ellipses and numbers, which stand for what is filled in. */
const symptoms = [...page.matchAll(/^\| (?!what one sees|-)(.*?) \|/gm)].flatMap(([, cell]) =>
  [...cell!.matchAll(/`([^`]+)`/g)].flatMap(([, shown]) =>
    shown!.split(/…|:|\d+/).map((part) => part.trim()),
  ),
);
/** Those of at least two words, which no other text has by chance. */
const sentences = symptoms.filter((part) => /\w \w/.test(part) && !part.startsWith("quicpipe "));

describe("docs/troubleshooting.md", () => {
  it("has sentences to look up", () => expect(sentences.length).toBeGreaterThan(12));

  it.each(sentences)("quotes what the source says: %s", (part) => {
    expect(source.includes(part)).toBe(true);
  });
});
