import { describe, expect, it } from "vitest";
import { directPolicies, stricter } from "../../../../src/peer/path/policy.ts";

describe("two policies", () => {
  it.each([
    ["auto", "auto", "auto"],
    ["auto", "public-only", "public-only"],
    ["public-only", "require", "public-only"],
    ["auto", "require", "auto"],
    ["require", "require", "auto"],
    ["public-only", "never", "never"],
    ["require", "never", "never"],
    ["never", "never", "never"],
  ] as const)("of %s and %s try %s, whoever asks", (own, other, tries) => {
    expect([stricter(own, other).tries, stricter(other, own).tries]).toEqual([tries, tries]);
  });

  it("require a direct path if this peer's does, and no more than that", () => {
    const requiring = directPolicies.filter((own) => stricter(own, "require").isRequired);
    expect(requiring).toEqual(["require"]);
    expect(stricter("require", "never").isRequired).toBe(true);
  });

  it("name the one that forbids, this peer's before the other's", () => {
    expect(stricter("never", "require").reason).toBe("policy");
    expect(stricter("require", "never").reason).toBe("peer-policy");
    expect(stricter("never", "never").reason).toBe("policy");
    expect(stricter("require", "public-only").reason).toBeUndefined();
  });
});
