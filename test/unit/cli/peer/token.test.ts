import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { givenTokenSource, mintedTokenSource } from "../../../../src/cli/peer/token.ts";
import { developmentTokenTtlSeconds } from "../../../../src/defaults/index.ts";

const relay = "https://relay.example";

/** A file with a token. */
function tokenFile(token: string): string {
  const folder = mkdtempSync(join(tmpdir(), "quicpipe-token-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "token");
  writeFileSync(path, token);
  return path;
}

/** Asks a source that is a function. */
function ask(source: unknown): unknown {
  return (source as () => unknown)();
}

describe("the token of a command", () => {
  it("is that of the environment, if there is no file", () => {
    vi.stubEnv("QUICPIPE_TOKEN", " t0ken\n");
    onTestFinished(() => void vi.unstubAllEnvs());
    expect(givenTokenSource({ relay })).toBe("t0ken");
    vi.stubEnv("QUICPIPE_TOKEN", "");
    expect(givenTokenSource({ relay })).toBeUndefined();
  });

  it("is read from its file again each time", () => {
    const path = tokenFile("first\n");
    const source = givenTokenSource({ relay, "token-file": path });
    expect(ask(source)).toBe("first");
    writeFileSync(path, "second\n");
    expect(ask(source)).toBe("second");
  });

  it.each(["empty", "away"])("is the last one while its file is %s", (what) => {
    const path = tokenFile("first");
    const source = givenTokenSource({ relay, "token-file": path });
    if (what === "empty") writeFileSync(path, "");
    else rmSync(path);
    expect(ask(source)).toBe("first");
    writeFileSync(path, "second");
    expect(ask(source)).toBe("second");
  });

  it.each(["empty", "away"])("is refused by its option where the file is %s from the start", (what) => {
    const path = tokenFile("");
    if (what === "away") rmSync(path);
    expect(() => givenTokenSource({ relay, "token-file": path })).toThrow(
      expect.objectContaining({ code: "ERR_QUICPIPE_OPTION_INVALID" }),
    );
  });
});

describe("a token that is minted here", () => {
  it("is minted at once, and again some minutes before it expires, or where the clock was set back", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    onTestFinished(() => void vi.useRealTimers());
    let minted = 0;
    const source = await mintedTokenSource(async () => `token ${++minted}`);
    expect(minted).toBe(1);
    const later = (seconds: number): Promise<string> => {
      vi.setSystemTime(Date.now() + seconds * 1000);
      return source();
    };
    expect(await later(0)).toBe("token 1");
    expect(await later(developmentTokenTtlSeconds - 301)).toBe("token 1");
    expect(await later(1)).toBe("token 2");
    expect(await later(3600)).toBe("token 2");
    expect(await later(-7200)).toBe("token 3");
  });

  it("fails with what keeps it from being minted", async () => {
    await expect(mintedTokenSource(() => Promise.reject(new RangeError("no key")))).rejects.toThrow("no key");
  });
});
