import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { addonAbi } from "../../../../src/forwarder/native/addon.ts";
import { loadAddon } from "../../../../src/forwarder/native/load.ts";

function emptyPackage(): string {
  const root = mkdtempSync(join(tmpdir(), "quicpipe-load-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  return root;
}

const linux = { platform: "linux", arch: process.arch } as const;

describe("loadAddon", () => {
  it("names the system where it is not Linux", () => {
    expect(loadAddon(emptyPackage(), { platform: "darwin", arch: "arm64" })).toEqual({
      reason: "native needs Linux, and this is darwin",
    });
  });

  it("says in one line for what there is no addon", () => {
    expect(loadAddon(emptyPackage(), linux)).toEqual({
      reason: expect.stringMatching(
        /^the native addon for linux-\S+ is not installed: .*node-gyp rebuild.*$/,
      ),
      brief: "no native addon",
    });
  });

  it.each([
    ["one that tells no version", {}, "none"],
    ["an older one", { abi: addonAbi - 1 }, String(addonAbi - 1)],
    ["a newer one", { abi: addonAbi + 1 }, String(addonAbi + 1)],
  ])("refuses an addon of another version, and says what to run: %s", (_, addon, version) => {
    expect(loadAddon(emptyPackage(), linux, () => addon)).toEqual({
      reason: `the native addon is of another version than this package (its interface is ${version}, not ${addonAbi}): run \`npm run build:native\` in a clone, or else install quicpipe again`,
      brief: "the native addon is of another version",
    });
  });

  it("looks in the folder that QUICPIPE_PREBUILD names", () => {
    const root = emptyPackage();
    vi.stubEnv("QUICPIPE_PREBUILD", root);
    onTestFinished(() => void vi.unstubAllEnvs());
    mkdirSync(join(root, "build/Release"), { recursive: true });
    writeFileSync(join(root, "build/Release/quicpipe.node"), "");
    const loaded = loadAddon(undefined, linux);
    expect(loaded).toMatchObject({
      reason: expect.stringContaining(`does not load from ${root}/build/Release`),
    });
  });

  it("takes an addon of this version", () => {
    const addon = { abi: addonAbi };
    expect(loadAddon(emptyPackage(), linux, () => addon)).toEqual({ addon });
  });

  it("says in one line what is wrong with an addon", () => {
    const root = emptyPackage();
    mkdirSync(join(root, "build/Release"), { recursive: true });
    writeFileSync(join(root, "build/Release/quicpipe.node"), "no shared object");
    expect(loadAddon(root, linux)).toEqual({
      reason: expect.stringMatching(
        /^the native addon does not load from .*quicpipe\.node: it holds no machine code.+$/,
      ),
      brief: "the native addon does not load",
    });
  });
});
