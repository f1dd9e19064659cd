import { describe, expect, it } from "vitest";
import { loadPackage } from "../../src/optional-package.ts";

const parts = { what: "flying", otherwise: "walk" };

const fail = (): Promise<unknown> => Promise.reject(new TypeError("no binary for linux-ppc64\nstack"));

describe("an optional package", () => {
  it("that is not installed is missing, and the error says how to install it", async () => {
    const name = "@quicpipe/no-such-package";
    const load = (): Promise<unknown> => import(`${name}`);
    await expect(loadPackage({ ...parts, name, load })).rejects.toMatchObject({
      code: "ERR_QUICPIPE_DEPENDENCY_MISSING",
      message: `flying needs the package ${name}: run \`npm install ${name}\`, or walk`,
    });
  });

  it("that is installed and does not load is unusable, and the error says why", async () => {
    await expect(loadPackage({ ...parts, name: "h3", load: fail })).rejects.toMatchObject({
      code: "ERR_QUICPIPE_ADDON_UNUSABLE",
      message: expect.stringMatching(
        /^flying needs the package h3, which is .* \(no binary for linux-ppc64\)/,
      ),
    });
  });
});
