import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { type AddonName, loadAddon, platformName } from "../../../src/files/addon.ts";
import { temporaryFolder } from "../../integration/harness/folder.ts";

const name: AddonName = {
  what: "the thing",
  file: "thing.node",
  built: "target/thing.node",
  remedy: "build it by `make`",
};
/** Not Linux, where a file that is no machine code would not even be tried. */
const mac = { platform: "darwin", arch: "arm64" } as const;

/** Puts a file that tells its own name where an addon would be: an ending of its own makes it a script. */
function put(root: string, path: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), `module.exports = ${JSON.stringify(path)};`);
}

const script = { ...name, file: "thing.cjs", built: "target/thing.cjs" };

describe("an addon", () => {
  it("is the one built here, or else that in the package, or else that of the platform's package", () => {
    const root = temporaryFolder();
    const places = [
      "node_modules/@quicpipe/darwin-arm64/thing.cjs",
      "prebuilds/darwin-arm64/thing.cjs",
      "target/thing.cjs",
    ];
    for (const place of places) {
      put(root, place);
      expect(loadAddon(script, root, mac)).toBe(place);
    }
  });

  it("is found in a package of its platform that lies beside the package", () => {
    const folder = temporaryFolder();
    put(folder, "node_modules/@quicpipe/darwin-arm64/thing.cjs");
    const root = join(folder, "node_modules/quicpipe");
    mkdirSync(root);
    expect(loadAddon(script, root, mac)).toBe("node_modules/@quicpipe/darwin-arm64/thing.cjs");
  });

  it("is missing where there is one for other platforms alone", () => {
    const root = temporaryFolder();
    put(root, "prebuilds/darwin-x64/thing.cjs");
    expect(() => loadAddon(script, root, mac)).toThrow(
      expect.objectContaining({
        code: "ERR_QUICPIPE_ADDON_MISSING",
        message:
          "the thing for darwin-arm64 is not installed: install a release of quicpipe that brings it, or build it by `make`",
        details: { platform: "darwin-arm64" },
      }),
    );
  });

  it.each([
    [{ platform: "linux", arch: process.arch }, /it holds no machine code for Linux \(37 bytes\)/],
    [mac, /does not load from \S+thing\.node: .+; install quicpipe again on this machine, or build it/],
  ] as const)("is unusable where the file does not load: %o", (here, message) => {
    const root = temporaryFolder();
    put(root, "target/thing.node");
    expect(() => loadAddon(name, root, here)).toThrow(
      expect.objectContaining({
        code: "ERR_QUICPIPE_ADDON_UNUSABLE",
        message: expect.stringMatching(message),
        details: { path: join(root, "target/thing.node") },
      }),
    );
  });
});

describe("the name of a platform", () => {
  it("tells musl on Linux alone", () => {
    expect(platformName({ platform: "linux", arch: "arm64" })).toMatch(/^linux-arm64(-musl)?$/);
    expect(platformName({ platform: "win32", arch: "x64" })).toBe("win32-x64");
  });
});
