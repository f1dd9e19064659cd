import { describe, expect, it } from "vitest";
import { versionRefusal } from "../../src/node-version.ts";

describe("the version of Node", () => {
  it.each(["24.0.0", "24.21.0", "100.1.0"])("may be %s", (version) => {
    expect(versionRefusal(version)).toBeUndefined();
  });

  it.each(["20.20.2", "23.11.0", "8.0.0"])("is refused in a sentence: %s", (version) => {
    expect(versionRefusal(version)).toMatch(`needs Node 24 or later, and is run by Node ${version}:`);
  });
});
