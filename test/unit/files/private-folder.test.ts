import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { claimFolder, refusalOf } from "../../../src/files/private-folder.ts";

const itAsRoot = it.runIf(process.geteuid?.() === 0);
const somebody = 12_345;

function createFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "quicpipe-private-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

describe("claimFolder", () => {
  it("makes the folder and those above for this user alone, and takes it again", () => {
    const folder = join(createFolder(), "a", "b");
    for (let i = 0; i < 2; i++) expect(claimFolder(folder)).toBeUndefined();
    for (const path of [folder, join(folder, "..")]) expect(statSync(path).mode & 0o777).toBe(0o700);
    expect(refusalOf(folder)).toBeUndefined();
  });

  it("refuses one that others can read, and leaves it as it is", () => {
    const folder = join(createFolder(), "open");
    mkdirSync(folder, { mode: 0o755 });
    expect(claimFolder(folder)).toBe(`has the mode 0755, not 0700 (run \`chmod 700 ${folder}\`)`);
    expect(refusalOf(folder)).toBe(`has the mode 0755, not 0700 (run \`chmod 700 ${folder}\`)`);
    expect(statSync(folder).mode & 0o777).toBe(0o755);
  });

  itAsRoot("refuses one of somebody else, and makes none below one", () => {
    const folder = join(createFolder(), "theirs");
    mkdirSync(folder, { mode: 0o700 });
    chownSync(folder, somebody, somebody);
    expect(claimFolder(folder)).toBe(`belongs to another user (${somebody})`);
    const below = join(folder, "mine");
    expect(claimFolder(below)).toBe(`is below ${folder}, which belongs to another user (${somebody})`);
    expect(existsSync(below)).toBe(false);
  });

  it("refuses one that others can rename", () => {
    const open = createFolder();
    chmodSync(open, 0o777);
    expect(claimFolder(join(open, "mine"))).toBe(
      `is below ${open}, which others can write to (0777; run \`chmod go-w ${open}\`)`,
    );
    chmodSync(open, 0o1777);
    expect(claimFolder(join(open, "mine"))).toBeUndefined();
  });

  it("follows links on the way, and looks at where they lead", () => {
    const [at, open] = [createFolder(), createFolder()];
    chmodSync(open, 0o777);
    symlinkSync(open, join(at, "absolute"));
    symlinkSync(join("..", open.split("/").at(-1)!), join(at, "relative"));
    for (const link of ["absolute", "relative"])
      expect(claimFolder(join(at, link, "mine"))).toBe(
        `is below ${open}, which others can write to (0777; run \`chmod go-w ${open}\`)`,
      );
    chmodSync(open, 0o700);
    for (const link of ["absolute", "relative"]) expect(claimFolder(join(at, link, "mine"))).toBeUndefined();
    expect(claimFolder(join(at, "absolute"))).toBe("is no folder");
    expect(readlinkSync(join(at, "absolute"))).toBe(open);
  });

  it("says so where links lead in a circle", () => {
    const at = createFolder();
    symlinkSync(join(at, "b"), join(at, "a"));
    symlinkSync(join(at, "a"), join(at, "b"));
    expect(claimFolder(join(at, "a", "mine"))).toBe("cannot be made (ELOOP)");
    expect(refusalOf(join(at, "a", "mine"))).toBe("is no folder");
  });

  it("has nothing against a folder that is not there", () => {
    expect(refusalOf(join(createFolder(), "none", "there"))).toBeUndefined();
  });
});
