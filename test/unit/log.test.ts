import { Console } from "node:console";
import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { consoleLogger } from "../../src/log.ts";

describe("the console's logger", () => {
  it("writes one line for each, whatever is in it", () => {
    const output = new PassThrough({ encoding: "utf8" });
    const logger = consoleLogger(new Console(output));
    const url = `https://issuer.example/${"a".repeat(100)}`;
    logger.warn("quicpipe: the keys cannot be fetched", {
      url,
      cause: "two\nlines",
      nested: { deep: [1, 2] },
    });
    logger.error("quicpipe: the app threw an error", { err: new Error("with a stack") });
    logger.info("quicpipe: nothing else");
    const lines = String(output.read()).split("\n");
    expect(lines).toHaveLength(4);
    expect(lines[0]).toContain(`{ url: '${url}', cause: 'two\\nlines', nested: { deep: [ 1, 2 ] } }`);
    expect(lines[1]).toMatch(/Error: with a stack at .*log\.test\.ts/);
    expect(lines.slice(2)).toEqual(["quicpipe: nothing else", ""]);
  });
});
