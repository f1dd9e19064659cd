import { describe, expect, it } from "vitest";
import { isAllowed } from "../../../scripts/release/licences.ts";

describe("a licence", () => {
  it.each([
    "MIT",
    "MIT OR GPL-3.0",
    "MIT/Apache-2.0",
    "ISC AND (Apache-2.0 OR ISC) AND OpenSSL",
    "(GPL-3.0 OR MIT) AND ISC",
  ])("is allowed: %s", (expression) => {
    expect(isAllowed(expression)).toBe(true);
  });

  it.each(["", "GPL-3.0", "MIT AND GPL-3.0", "(MIT OR ISC) AND GPL-3.0", "ISC AND (GPL-3.0 OR AGPL-3.0)"])(
    "is not allowed: %j",
    (expression) => {
      expect(isAllowed(expression)).toBe(false);
    },
  );
});
