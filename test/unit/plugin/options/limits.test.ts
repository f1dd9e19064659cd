import { describe, expect, it } from "vitest";
import { addressLimits, resolveLimits } from "../../../../src/plugin/options/limits.ts";

describe("the limits of an address where no client has a token", () => {
  it("are those of 16 subjects, but at most an eighth of the table", () => {
    const limits = resolveLimits(undefined);
    const { maxRegistrationsPerSubject, maxCidsPerSubject, maxWaitersPerSubject } = addressLimits(limits);
    expect(maxWaitersPerSubject).toBe(16 * limits.maxWaitersPerSubject);
    expect(maxRegistrationsPerSubject).toBe(limits.maxRegistrations / 8);
    expect(maxCidsPerSubject).toBe(limits.maxCids / 8);
  });

  it("are those of 16 subjects where that is less", () => {
    const limits = resolveLimits({ maxRegistrationsPerSubject: 2, maxCidsPerSubject: 20 });
    expect(addressLimits(limits)).toMatchObject({ maxRegistrationsPerSubject: 32, maxCidsPerSubject: 320 });
  });

  it("are never less than those of one subject", () => {
    const limits = resolveLimits({
      maxRegistrations: 10,
      maxRegistrationsPerSubject: 5,
      maxCids: 80,
      maxCidsPerSubject: 70,
    });
    expect(addressLimits(limits)).toMatchObject({ maxRegistrationsPerSubject: 5, maxCidsPerSubject: 70 });
  });
});
