import { describe, expect, it } from "vitest";
import { inFlags, requireName, requireNumber } from "../../../src/cli/arguments.ts";
import { optionError } from "../../../src/option-checks.ts";

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

describe("an error about an option of the library", () => {
  const flags = { relay: "--relay", trust: "--pin" };

  it.each([
    ["relay", 'option relay is "x", but must be a URL', '--relay is "x", but must be a URL'],
    ["trust", 'trust: "x" is no pin', '--pin: "x" is no pin'],
    ["trust[1]", 'trust[1]: "x" is no pin', '--pin: "x" is no pin'],
    ["alpn", "option alpn is an array", "option alpn is an array"],
  ])("names the flag in place of %s", (option, message, text) => {
    expect(inFlags(optionError(option, message), flags)).toMatchObject({ message: text });
  });

  it("is left alone where it is about something else", () => {
    const error = new Error("relay");
    expect(inFlags(error, flags)).toBe(error);
  });
});
