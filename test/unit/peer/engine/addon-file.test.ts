import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { addonFile } from "../../../../src/peer/engine/addon-file.ts";
import { temporaryFolder } from "../../../integration/harness/folder.ts";

function put(root: string, path: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), "");
}

const built = "target/quicpipe-engine.node";

describe("the file of the engine", () => {
  it.each([
    ["linux", "x64", /^prebuilds\/linux-x64\/quicpipe-engine\.(glibc|musl)\.node$/],
    ["darwin", "arm64", /^prebuilds\/darwin-arm64\/quicpipe-engine\.node$/],
  ] as const)("is that of a release for %s %s where none was built", (platform, arch, name) => {
    const root = temporaryFolder();
    for (const file of ["quicpipe-engine.glibc.node", "quicpipe-engine.musl.node", "quicpipe-engine.node"])
      put(root, `prebuilds/${platform}-${arch}/${file}`);
    expect(addonFile(root, { platform, arch }).slice(root.length + 1)).toMatch(name);
    put(root, built);
    expect(addonFile(root, { platform, arch })).toBe(join(root, built));
  });

  it("is the one to build where there is none for this platform", () => {
    const root = temporaryFolder();
    put(root, "prebuilds/win32-x64/quicpipe-engine.node");
    expect(addonFile(root, { platform: "linux", arch: "x64" })).toBe(join(root, built));
  });
});
