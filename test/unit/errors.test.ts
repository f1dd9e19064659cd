import { globSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { isQuicpipeError, QuicpipeError } from "../../src/errors.ts";
import { problemKinds } from "../../src/plugin/http/problem.ts";

const codePattern = /ERR_QUICPIPE_[A-Z0-9_]+/g;

/** The members of the union of codes, as the source has them. */
const codes: string[] = [...readFileSync("src/errors.ts", "utf8").matchAll(/^ {2}\| "(ERR_\w+)"/gm)].map(
  ([, code]) => code!,
);

interface DocumentedCode {
  readonly anchor: string;
  readonly code: string;
  readonly status: string;
  readonly cells: string[];
}

/** The rows of the tables in docs/errors.md. */
const documented: DocumentedCode[] = readFileSync("docs/errors.md", "utf8")
  .split("\n")
  .filter((line) => line.startsWith("| <a id="))
  .map((line) => {
    const [first = "", ...cells] = line.split("|").slice(1, -1);
    const [, anchor, code] = /<a id="(\w+)"><\/a>`(\w+)`/.exec(first) ?? [];
    return {
      anchor: anchor!,
      code: code!,
      status: cells[0]!.trim(),
      cells: cells.map((cell) => cell.trim()),
    };
  });

describe("QuicpipeError", () => {
  it("carries its code, details and cause, and is known across copies of the package", () => {
    const cause = new TypeError("underneath");
    const error = new QuicpipeError("ERR_QUICPIPE_CLOSED", "closed", { cause, details: { port: 1 } });
    expect(error).toMatchObject({
      name: "QuicpipeError",
      code: "ERR_QUICPIPE_CLOSED",
      details: { port: 1 },
      cause,
    });
    expect(isQuicpipeError(error)).toBe(true);
    expect(isQuicpipeError(Object.assign(new TypeError("copy"), { name: "QuicpipeError", code: "x" }))).toBe(
      true,
    );
    expect(isQuicpipeError(cause)).toBe(false);
    expect(isQuicpipeError({ name: "QuicpipeError", code: "x" })).toBe(false);
  });
});

describe("docs/errors.md", () => {
  it("explains every code once, in the order of the source", () => {
    expect(codes.length).toBeGreaterThan(40);
    expect(documented.map(({ code }) => code)).toEqual(codes);
  });

  it("tells the status, what happened and what to do, under the anchor that problems point to", () => {
    for (const { anchor, code, status, cells } of documented) {
      expect([code, anchor]).toEqual([code, code.toLowerCase()]);
      const kind = problemKinds[code as keyof typeof problemKinds];
      expect([code, status]).toEqual([code, kind ? String(kind.status) : "–"]);
      expect(cells).toHaveLength(3);
      expect([code, cells.every((cell) => cell !== "")]).toEqual([code, true]);
    }
  });

  it("names no code that does not exist", () => {
    const files = globSync(["docs/*.md", "*.md"]);
    const named = files.flatMap((file) => readFileSync(file, "utf8").match(codePattern) ?? []);
    expect(named.filter((code) => !codes.includes(code))).toEqual([]);
  });
});

describe("the codes", () => {
  it("are all thrown somewhere, and nothing else is", () => {
    const sources = globSync("src/**/*.ts", {
      exclude: ["src/errors.ts", "src/plugin/http/problem.ts", "src/plugin/openapi/document.ts"],
    });
    const thrown = new Set(
      sources.flatMap((file) =>
        [...readFileSync(file, "utf8").matchAll(/"(ERR_QUICPIPE_\w+)"/g)].map(([, code]) => code),
      ),
    );
    expect(codes.filter((code) => !thrown.has(code))).toEqual([]);
    expect([...thrown].filter((code) => !codes.includes(code!))).toEqual([]);
  });
});
