import { chmodSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { createSecretFile, readSecretFile } from "../../src/state.ts";

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "quicpipe-state-"));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

describe("a file that holds a secret", () => {
  it("is made for its owner alone, its folder too", () => {
    const path = join(folder(), "new", "secret");
    expect(createSecretFile(path, "s")).toBe(true);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(path, "..")).mode & 0o777).toBe(0o700);
    expect(readSecretFile(path)?.toString()).toBe("s");
  });

  it("is left alone when it exists", () => {
    const path = join(folder(), "secret");
    createSecretFile(path, "first");
    expect(createSecretFile(path, "second")).toBe(false);
    expect(readSecretFile(path)?.toString()).toBe("first");
  });

  it("is refused when others may read it", () => {
    const path = join(folder(), "secret");
    createSecretFile(path, "s");
    chmodSync(path, 0o640);
    expect(() => readSecretFile(path)).toThrow(
      expect.objectContaining({ code: "ERR_QUICPIPE_OPTION_INVALID" }),
    );
  });

  it("is undefined where there is none", () => {
    expect(readSecretFile(join(folder(), "none"))).toBeUndefined();
  });
});
