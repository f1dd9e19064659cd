import { describe, expect, it } from "vitest";
import { requireName, requireNumber } from "../../../src/cli/arguments.ts";

const refusal = (message: string): unknown =>
  expect.objectContaining({ code: "ERR_QUICPIPE_OPTION_INVALID", message });

describe("a number of the command line", () => {
  it.each(["0", "007", "999999999999999"])("is a whole one such as %s", (text) => {
    expect(requireNumber("--port", text)).toBe(Number(text));
  });

  it.each(["", "-1", "1.5", "1e3", "0x10", "9999999999999999"])("is not %j", (text) => {
    expect(() => requireNumber("--port", text)).toThrow(
      refusal(`--port is ${JSON.stringify(text)}, but must be a whole number of at least 0`),
    );
  });

  it("is within its range, which the refusal names with its unit", () => {
    const range = { min: 1, max: 3600, unit: "seconds" };
    expect(["1", "3600"].map((text) => requireNumber("--timeout", text, range))).toEqual([1, 3600]);
    for (const text of ["0", "3601"])
      expect(() => requireNumber("--timeout", text, range)).toThrow(
        refusal(`--timeout is "${text}", but must be a whole number of seconds, from 1 to 3600`),
      );
  });
});

describe("a name of the command line", () => {
  it("is a peer's, or refused by the option that it was given to", () => {
    expect(requireName("--as", "bob")).toBe("bob");
    for (const name of ["", ".", ".."])
      expect(() => requireName("--as", name)).toThrow(
        refusal(`--as is "${name}", but must be a name of 1 to 256 bytes, and not "." or ".."`),
      );
  });
});
