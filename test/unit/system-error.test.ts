import { describe, expect, it } from "vitest";
import { codeOf } from "../../src/system-error.ts";
import { systemError } from "./xdp/fakes.ts";

describe("codeOf", () => {
  it("gives the system's code, or else what there is", () => {
    expect(codeOf(systemError("EPERM"))).toBe("EPERM");
    expect(codeOf("odd")).toBe("odd");
  });
});
