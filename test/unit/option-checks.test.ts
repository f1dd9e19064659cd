import { describe, expect, it } from "vitest";
import {
  checkOptions,
  hiddenInvalid,
  isJsonObject,
  optionInvalid,
  range,
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
    [5, "option a is 5, but must be b"],
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
    expect(() => requireFunction("onError", 5)).toThrow("option onError is 5, but must be a function");
  });
});

describe("options with a check for each", () => {
  const checks = {
    port: range(1, 4433, 9),
    host: (path: string, value: string | undefined) => value ?? `no ${path}`,
    mode: true,
  } as const;
  const check = (options: object | undefined, path = "relay"): unknown =>
    checkOptions<{ port?: number; host?: string; mode?: string }, typeof checks>(path, options, checks);

  it("are those that count, by name", () => {
    expect(check(undefined)).toEqual({ port: 4433, host: "no relay.host", mode: undefined });
    expect(check({ port: 5, host: "::", mode: "fast" })).toEqual({ port: 5, host: "::", mode: "fast" });
    expect(check({}, "bind(…)")).toMatchObject({ host: "no host" });
  });

  it("are refused by name, also those without one", () => {
    expect(() => check({ port: 10 })).toThrow("option relay.port is 10");
    expect(() => check({ prot: 5 })).toThrow("option relay.prot is unknown; known here are port, host, mode");
  });
});

it("tells objects from all other values of JSON", () => {
  const values: unknown[] = JSON.parse('[{}, {"a": null}, [], [{}], null, true, 0, ""]');
  expect(values.map(isJsonObject)).toEqual([true, true, false, false, false, false, false, false]);
});
