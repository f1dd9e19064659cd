import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { loadAddon } from "../../../../src/forwarder/native/load.ts";

function emptyPackage(): string {
  const root = mkdtempSync(join(tmpdir(), "quicpipe-load-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  return root;
}

describe("loadAddon", () => {
  it("names the system where it is not Linux", () => {
    expect(loadAddon(emptyPackage(), "darwin")).toEqual({ reason: "native needs Linux, and this is darwin" });
  });

  it("says in one line for what there is no addon", () => {
    expect(loadAddon(emptyPackage(), "linux")).toEqual({
      reason: expect.stringMatching(/^the native addon does not load: No native build .*arch=\w+.*$/),
    });
  });

  it("says in one line what is wrong with an addon", () => {
    const root = emptyPackage();
    mkdirSync(join(root, "build/Release"), { recursive: true });
    writeFileSync(join(root, "build/Release/quicpipe.node"), "no shared object");
    expect(loadAddon(root, "linux")).toEqual({
      reason: expect.stringMatching(/^the native addon does not load: .*quicpipe\.node: .+$/),
    });
  });
});
