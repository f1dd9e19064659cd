import { getSystemErrorMap } from "node:util";
import { lstatSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { faultText } from "../../../src/cli/fault.ts";

/** A line, and no more: no stack, no control character. */
const oneLine = /^\P{C}+$/u;

function systemError(code: string, message = `${code}: it failed`): Error {
  return Object.assign(new Error(message), { code });
}

/** What a call throws. */
function thrown(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  throw new Error("it did not fail");
}

describe("what is printed of a system's error", () => {
  it("is one line, without a stack, for every code that there is", () => {
    const codes = [...getSystemErrorMap().values()].map(([name]) => name);
    expect(codes).toContain("EMFILE");
    for (const code of codes) expect(faultText(systemError(code))).toBe(`${code}: it failed`);
  });

  it.each([
    ["a file that is none", () => readFileSync("/none"), "ENOENT"],
    ["a folder that is read", () => readFileSync("/"), "EISDIR"],
    ["a file in a file", () => lstatSync("/dev/null/x"), "ENOTDIR"],
  ])("is the system's sentence: %s", (_what, call, code) => {
    const text = faultText(thrown(call));
    expect(text).toMatch(oneLine);
    expect(text).toContain(code);
  });

  it("is one line for an error of DNS, which the system has no number for", () => {
    const error = Object.assign(new Error("queryA ESERVFAIL x"), { code: "ESERVFAIL", syscall: "queryA" });
    expect(faultText(error)).toBe("queryA ESERVFAIL x");
  });

  it("has the sentences of those that it is the cause of", () => {
    const cause = systemError("ECONNREFUSED", "connect ECONNREFUSED");
    const error = new TypeError("fetch failed", { cause: new Error("fetch failed", { cause }) });
    expect(faultText(error)).toBe("fetch failed: connect ECONNREFUSED");
  });

  it("is the code of one for several addresses, which has no sentence", () => {
    const error = Object.assign(new AggregateError([systemError("ETIMEDOUT")]), { code: "ETIMEDOUT" });
    expect(faultText(error)).toBe("ETIMEDOUT");
  });

  it("moves no terminal's cursor", () => {
    expect(faultText(systemError("EACCES", "a\u001B[2J\nb"))).toMatch(oneLine);
  });

  it("ends where causes go round", () => {
    const error = new Error("round");
    error.cause = error;
    expect(faultText(error)).toContain("Error: round\n");
  });
});

describe("what is printed of a bug", () => {
  it("is its stack, without control characters", () => {
    const text = faultText(Object.assign(new RangeError("odd \u0007"), { code: "ERR_OUT_OF_RANGE" }));
    expect(text).toMatch(/^RangeError: odd ·\n\s+at /);
  });

  it.each([undefined, null, 5, "text"])("is the thing itself if it is no error: %s", (thing) => {
    expect(faultText(thing)).toBe(String(thing));
  });
});
