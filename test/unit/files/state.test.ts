import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import {
  createSecretFile,
  keepStateFile,
  readSecretFile,
  readStateFile,
  statePath,
} from "../../../src/files/state.ts";

const itAsRoot = it.runIf(process.geteuid?.() === 0);
const somebody = 12_345;

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "quicpipe-state-"));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

function coded(code: string, message: RegExp): unknown {
  return expect.objectContaining({ code, message: expect.stringMatching(message) as string });
}

const unavailable = (message: RegExp): unknown => coded("ERR_QUICPIPE_STATE_UNAVAILABLE", message);

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
    expect(() => readSecretFile(path)).toThrow(unavailable(/others may read it/));
  });

  itAsRoot("is refused when somebody else made it", () => {
    const path = join(folder(), "secret");
    createSecretFile(path, "s");
    chownSync(path, somebody, somebody);
    expect(() => readSecretFile(path)).toThrow(unavailable(/belongs to another user \(12345\)/));
  });

  it("is undefined where there is none", () => {
    expect(readSecretFile(join(folder(), "none"))).toBeUndefined();
    expect(readSecretFile(join(folder(), "no", "folder"))).toBeUndefined();
  });
});

describe("a file of the state folder", () => {
  it("is neither read nor made where the folder is not this user's alone", () => {
    const open = join(folder(), "open");
    const path = join(open, "secret");
    createSecretFile(path, "s");
    for (const mode of [0o755, 0o770, 0o777]) {
      chmodSync(open, mode);
      const refusal = unavailable(
        new RegExp(`^the state folder ${open} has the mode 0${mode.toString(8)}, not 0700`),
      );
      expect(() => readSecretFile(path)).toThrow(refusal);
      expect(() => readStateFile(path)).toThrow(refusal);
      expect(() => createSecretFile(join(open, "other"), "s")).toThrow(refusal);
    }
    chmodSync(open, 0o700);
    expect(readSecretFile(path)?.toString()).toBe("s");
  });

  itAsRoot("is neither read nor made below a folder of somebody else", () => {
    const theirs = folder();
    const path = join(theirs, "quicpipe", "secret");
    createSecretFile(path, "s");
    chownSync(theirs, somebody, somebody);
    const refusal = unavailable(/is below \/.*, which belongs to another user \(12345\)/);
    expect(() => readSecretFile(path)).toThrow(refusal);
    expect(() => createSecretFile(path, "s")).toThrow(refusal);
  });

  it("says why it cannot be read or made, and what to do", () => {
    const path = join(folder(), "file");
    symlinkSync(path, path);
    expect(() => readStateFile(path)).toThrow(
      unavailable(/file cannot be read \(ELOOP\): .*set XDG_STATE_HOME/),
    );
    expect(() => createSecretFile(join("/proc", "quicpipe", "key"), "s")).toThrow(
      unavailable(/\/proc\/quicpipe cannot be made \(\w+\): .*set XDG_STATE_HOME/),
    );
  });

  it("is refused at once where it is no regular file, or larger than any that was made", () => {
    const parent = folder();
    const [fifo, large, inner] = ["fifo", "large", "inner"].map((name) => join(parent, name)) as [
      string,
      string,
      string,
    ];
    mkdirSync(inner);
    execFileSync("mkfifo", ["-m", "600", fifo]);
    writeFileSync(large, "", { mode: 0o600 });
    truncateSync(large, 300_000_000);
    for (const read of [readStateFile, readSecretFile]) {
      expect(() => read(fifo)).toThrow(unavailable(/fifo is no regular file: delete it/));
      expect(() => read(inner)).toThrow(unavailable(/inner is no regular file: delete it/));
      expect(() => read(large)).toThrow(unavailable(/large has more than 65536 bytes: delete it/));
    }
  });

  it("is written where it has another content, and else left alone", () => {
    const path = join(folder(), "file");
    keepStateFile(path, "first");
    utimesSync(path, 1, 1);
    keepStateFile(path, "first");
    expect(statSync(path).mtimeMs).toBe(1000);
    keepStateFile(path, "second");
    expect(readStateFile(path)?.toString()).toBe("second");
    writeFileSync(path, "third");
    expect(readStateFile(path)?.toString()).toBe("third");
  });
});

function stub(home: string, stateHome: string): void {
  vi.stubEnv("HOME", home);
  vi.stubEnv("XDG_STATE_HOME", stateHome);
}

describe("the state folder", () => {
  afterEach(() => vi.unstubAllEnvs());

  it("is where XDG_STATE_HOME says, or below the home folder", () => {
    stub("/home/alice", "/state");
    expect(statePath("key")).toBe("/state/quicpipe/key");
    for (const ignored of ["", "state", "./state"]) {
      stub("/home/alice", ignored);
      expect(statePath("key")).toBe("/home/alice/.local/state/quicpipe/key");
    }
  });

  it("is nowhere without a home, and never below the working directory", () => {
    for (const home of ["", "home", "."]) {
      stub(home, "");
      expect(() => statePath("key")).toThrow(unavailable(/^there is no home folder .*set XDG_STATE_HOME/));
      stub(home, "/state");
      expect(statePath("key")).toBe("/state/quicpipe/key");
    }
  });
});
