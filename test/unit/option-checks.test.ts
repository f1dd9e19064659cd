import { describe, expect, it } from "vitest";
import {
  hiddenInvalid,
  isJsonObject,
  optionInvalid,
  requireBoolean,
  requireFunction,
  requireOptions,
} from "../../src/option-checks.ts";

const table = { port: true };

describe("options that are refused", () => {
  it("are named without their call, and with the known ones", () => {
    expect(() => requireOptions("serve(…)", { prot: 1 } as never, table)).toThrow(
      "option prot is unknown; known here are port",
    );
    expect(() => requireOptions("upstream", { prot: 1 } as never, table)).toThrow(
      "option upstream.prot is unknown; known here are port",
    );
  });

  it("name the call whose options are none", () => {
    expect(() => requireOptions("serve(…)", "secret" as never, table)).toThrow(
      "option serve(…) is a string that does not fit, but must be an object",
    );
  });

  it.each([
    ["4433", 'option a is "4433", but must be b'],
    [undefined, "option a is undefined, but must be b"],
    [5, "option a is the number 5, but must be b"],
    ["x".repeat(101), `option a is "${"x".repeat(100)}…", but must be b`],
  ])("show their value: %o", (value, message) => {
    expect(optionInvalid("a", value, "b").message).toBe(message);
  });

  it("hide their text where it may be a secret", () => {
    expect(hiddenInvalid("a", "4433", "b").message).toBe(
      "option a is a string that does not fit, but must be b",
    );
  });

  it("are no booleans or functions where such are wanted", () => {
    expect(requireBoolean("tcp", undefined, true)).toBe(true);
    expect(requireBoolean("tcp", false, true)).toBe(false);
    expect(() => requireBoolean("tcp", "no", true)).toThrow('option tcp is "no", but must be true or false');
    expect(requireFunction("onError", undefined)).toBeUndefined();
    expect(() => requireFunction("onError", 5)).toThrow(
      "option onError is the number 5, but must be a function",
    );
  });
});

it("tells objects from all other values of JSON", () => {
  const values: unknown[] = JSON.parse('[{}, {"a": null}, [], [{}], null, true, 0, ""]');
  expect(values.map(isJsonObject)).toEqual([true, true, false, false, false, false, false, false]);
});
