import { execFileSync } from "node:child_process";
import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { requireRecords } from "../../../src/peer/records.ts";
import { temporaryFolder } from "../../integration/harness/folder.ts";

describe("the options that record connections", () => {
  it("make the file of the secrets for its owner alone, and keep one that is there", () => {
    const path = join(temporaryFolder(), "keys.log");
    expect(requireRecords({ keyLogFile: path })).toEqual({ keyLogFile: path, qlogFolder: undefined });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    writeFileSync(path, "before\n");
    requireRecords({ keyLogFile: path });
    expect(statSync(path).size).toBe(7);
  });

  it("make the folder of records for its owner alone, and keep one that is there", () => {
    const path = join(temporaryFolder(), "qlog");
    requireRecords({ qlogFolder: path });
    expect(statSync(path).mode & 0o777).toBe(0o700);
    requireRecords({ qlogFolder: path });
  });

  it("refuse a folder below one that is not there, as in /proc, where none can be made", () => {
    const path = join(temporaryFolder(), "a", "b");
    expect(() => requireRecords({ qlogFolder: path })).toThrow("b cannot be written (ENOENT)");
    expect(() => requireRecords({ qlogFolder: "/proc/nope" })).toThrow("/proc/nope cannot be written");
  });

  it("refuse a pipe or device as the file of secrets, without a wait for the reader of the pipe", () => {
    const pipe = join(temporaryFolder(), "pipe");
    execFileSync("mkfifo", [pipe]);
    for (const path of [pipe, "/dev/null"])
      expect(() => requireRecords({ keyLogFile: path })).toThrow("a file, not a pipe or device");
  });

  it("refuse what cannot be written, with the path and the system's reason", () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "keys.log"));
    writeFileSync(join(folder, "file"), "");
    expect(() => requireRecords({ keyLogFile: join(folder, "keys.log") })).toThrow(
      `option keyLogFile: ${folder}/keys.log cannot be written (EISDIR); choose another path`,
    );
    expect(() => requireRecords({ qlogFolder: join(folder, "file") })).toThrow("cannot be written (ENOTDIR)");
  });

  it("refuse what is no path", () => {
    for (const value of ["", 1, null])
      expect(() => requireRecords({ keyLogFile: value as string })).toThrow(
        expect.objectContaining({ code: "ERR_QUICPIPE_OPTION_INVALID" }),
      );
  });
});
