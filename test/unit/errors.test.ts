import { globSync, readFileSync } from "node:fs";
import { describe, expect, expectTypeOf, it } from "vitest";
import {
  type ErrorDetails,
  isQuicpipeError,
  QuicpipeError,
  type QuicpipeErrorCode,
} from "../../src/errors.ts";
import { problemKinds } from "../../src/plugin/http/problem.ts";

const codePattern = /ERR_QUICPIPE_[A-Z0-9_]+/g;

const source = readFileSync("src/errors.ts", "utf8");
/** The codes, as the source has them, and the type of the details of each. */
const detailTypes = new Map(
  [...source.matchAll(/^ {2}(ERR_\w+): ([^]*?);\n(?= {2}\S|\})/gm)].map(([, code, type]) => [code!, type!]),
);
const codes: string[] = [...detailTypes.keys()];

/** Members of a type in the source, written as in docs/errors.md: `option`, `path?`. */
function membersIn(text: string): string[] {
  return [...text.matchAll(/readonly (\w+\??):/g)].map(([, name]) => `\`${name}\``);
}

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
    const error = new QuicpipeError("ERR_QUICPIPE_LISTEN_FAILED", "taken", { cause, details: { port: 1 } });
    expect(error).toMatchObject({
      name: "QuicpipeError",
      code: "ERR_QUICPIPE_LISTEN_FAILED",
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

  it("has the details of its code, once the code is known", () => {
    const error: unknown = new QuicpipeError("ERR_QUICPIPE_DIAL_TIMEOUT", "late", {
      details: { step: "queued" },
    });
    expect(isQuicpipeError(error, "ERR_QUICPIPE_CLOSED")).toBe(false);
    if (isQuicpipeError(error)) expectTypeOf(error.details["step"]).toBeUnknown();
    if (!isQuicpipeError(error, "ERR_QUICPIPE_DIAL_TIMEOUT")) throw error;
    expect(error.details.step).toBe("queued");
    expectTypeOf(error.code).toEqualTypeOf<"ERR_QUICPIPE_DIAL_TIMEOUT">();
    expectTypeOf(error.details.step).toExtend<string>();
    expectTypeOf(error.details.timeoutMs).toEqualTypeOf<number | undefined>();
    expectTypeOf(error).toExtend<QuicpipeError>();
  });

  it("is made only with the details that its code has", () => {
    const make = QuicpipeError;
    expectTypeOf<ConstructorParameters<typeof make<"ERR_QUICPIPE_CLOSED">>["length"]>().toEqualTypeOf<
      2 | 3
    >();
    expectTypeOf<
      ConstructorParameters<typeof make<"ERR_QUICPIPE_OPTION_INVALID">>["length"]
    >().toEqualTypeOf<3>();
    expectTypeOf<{ port: number }>().not.toExtend<ErrorDetails["ERR_QUICPIPE_CLOSED"]>();
    expectTypeOf<{ option: number }>().not.toExtend<ErrorDetails["ERR_QUICPIPE_OPTION_INVALID"]>();
    expectTypeOf<keyof ErrorDetails>().toEqualTypeOf<QuicpipeErrorCode>();
    expect(new make("ERR_QUICPIPE_CLOSED", "closed").details).toEqual({});
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

  it("lists the details of each code that has members of its own", () => {
    const rows = new Map(
      [...readFileSync("docs/errors.md", "utf8").matchAll(/^\| `(ERR_\w+)`(.*)/gm)].map(([, code, text]) => [
        code!,
        text!,
      ]),
    );
    const typed = [...detailTypes].filter(([, type]) => membersIn(type).length > 0);
    expect([...rows.keys()].toSorted()).toEqual(typed.map(([code]) => code).toSorted());
    for (const [code, type] of typed)
      for (const member of membersIn(type))
        expect([code, rows.get(code)]).toEqual([code, expect.stringContaining(member)]);
    const shared = membersIn(/type Refusal = \{([^]*?)\n\}/.exec(source)![1]!);
    for (const member of shared) expect(rows.get("ERR_QUICPIPE_RELAY_REFUSED")).toContain(member);
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
      exclude: ["src/errors.ts", "src/plugin/http/problem.ts", "src/plugin/routes/{openapi,operations}.ts"],
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
