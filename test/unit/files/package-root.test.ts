import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { findPackage, packageRoot } from "../../../src/files/package-root.ts";
import { projectPath } from "../../integration/harness/child.ts";
import { temporaryFolder } from "../../integration/harness/folder.ts";

/** Returns the folder of an application's bundle, and the bundle's URL. */
function bundle(): [folder: string, url: string] {
  const app = temporaryFolder();
  writeFileSync(join(app, "package.json"), '{ "name": "app" }');
  mkdirSync(join(app, "out"));
  return [join(app, "out"), pathToFileURL(join(app, "out/main.js")).href];
}

describe("the folder of the package", () => {
  it("is the project's for its sources", () => {
    expect(join(packageRoot, "/")).toBe(projectPath(""));
  });

  it("is looked for from a bundle on, as a package is", () => {
    const [folder, url] = bundle();
    const installed = join(folder, "../node_modules/quicpipe");
    mkdirSync(installed, { recursive: true });
    writeFileSync(join(installed, "package.json"), '{ "name": "quicpipe" }');
    expect(findPackage(folder, url)).toBe(installed);
  });

  it("is missing beside a bundle that was moved alone, and the error says what to copy", () => {
    const [folder, url] = bundle();
    expect(() => findPackage(folder, url)).toThrow(
      expect.objectContaining({
        code: "ERR_QUICPIPE_DEPENDENCY_MISSING",
        message: expect.stringContaining(
          `copy node_modules/quicpipe and node_modules/uplot to ${folder}/node_modules/`,
        ),
      }),
    );
  });
});
