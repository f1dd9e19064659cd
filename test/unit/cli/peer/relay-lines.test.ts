import { describe, expect, it } from "vitest";
import { RelayLines } from "../../../../src/cli/peer/relay-lines.ts";
import { QuicpipeError } from "../../../../src/errors.ts";

function setUp(): { lines: RelayLines; said: string[] } {
  const said: string[] = [];
  return { lines: new RelayLines((line) => said.push(line)), said };
}

const away = new QuicpipeError("ERR_QUICPIPE_RELAY_UNREACHABLE", "it is\u001b[31m away");
const expired = new QuicpipeError("ERR_QUICPIPE_TOKEN_EXPIRED", "the token is old");

describe("what an accepter tells of its relay", () => {
  it("is nothing as long as all is well", () => {
    const { lines, said } = setUp();
    for (const state of ["connecting", "listening", "idle"] as const) lines.tell({ state });
    expect(said).toEqual([]);
  });

  it("is why others cannot reach it, and that they can again", () => {
    const { lines, said } = setUp();
    lines.tell({ state: "failing", error: away });
    lines.tell({ state: "listening" });
    expect(said).toEqual([
      "it is·[31m away (ERR_QUICPIPE_RELAY_UNREACHABLE); trying again until the relay answers",
      "the relay answers; waiting",
    ]);
  });

  it("is the end of the command where the very first token is refused", async () => {
    const { lines, said } = setUp();
    lines.tell({ state: "failing", error: expired });
    await expect(lines.refused).rejects.toBe(expired);
    expect(said).toEqual([]);
  });

  it("is a line where a token is refused later, as its file may get another one", () => {
    const { lines, said } = setUp();
    lines.tell({ state: "listening" });
    lines.tell({ state: "failing", error: expired });
    expect(said).toEqual([expect.stringContaining("the token is old (ERR_QUICPIPE_TOKEN_EXPIRED)")]);
  });

  it("leaves a final refusal to the command, which fails with it", () => {
    const { lines, said } = setUp();
    lines.tell({ state: "ended", error: expired });
    expect(said).toEqual([]);
  });
});
