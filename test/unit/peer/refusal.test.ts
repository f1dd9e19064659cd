import { describe, expect, it } from "vitest";
import { refusedError, requireVerdict } from "../../../src/peer/refusal.ts";
import { refusalReasons } from "../../../src/protocol.ts";

describe("the error of a refused dial", () => {
  it("says for each reason what it means, each in words of its own", () => {
    const messages = refusalReasons.map((reason) => refusedError("bob", reason).message);
    expect(new Set(messages).size).toBe(refusalReasons.length);
    for (const message of messages) expect(message).toMatch(/^bob refused: (?!its reason is)/);
  });

  it.each(["moon-phase", "toString"])("shows the reason %s, which it does not know", (reason) => {
    const error = refusedError("bob", reason);
    expect(error.message).toContain(`its reason is "${reason}"`);
    expect(error.details.reason).toBe(reason);
  });
});

describe("what a function `accepts` returns", () => {
  it.each([
    [true, true],
    [false, false],
    [undefined, false],
    ["busy", "busy"],
  ])("%s means %s", (verdict, meant) => void expect(requireVerdict(verdict)).toBe(meant));

  it("is refused if it is a text, but none of the reasons", () => {
    expect(() => requireVerdict("whim")).toThrow('option accepts(…) is "whim", but must be one of "busy"');
  });
});
