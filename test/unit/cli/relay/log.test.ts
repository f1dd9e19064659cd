import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { type LogSettings, RelayLog } from "../../../../src/cli/relay/log.ts";
import { QuicpipeError } from "../../../../src/errors.ts";
import { LimitedLog } from "../../../../src/log.ts";

/** A log, and the lines that it has written. */
function open(settings: LogSettings): { log: RelayLog; lines: () => string[] } {
  const stream = new PassThrough({ encoding: "utf8" });
  const log = new RelayLog(settings, stream);
  return { log, lines: () => ((stream.read() as string | null) ?? "").split("\n").slice(0, -1) };
}

function parsed(lines: readonly string[]): Record<string, unknown>[] {
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe("the log of quicpipe relay", () => {
  it("is sentences, and values after them", () => {
    const { log, lines } = open({});
    new LimitedLog(log, Date.now).write("warn", "kind", "something happened", { count: 3 });
    log.info("quicpipe: plain");
    expect(lines()).toEqual(["quicpipe: something happened { count: 3 }", "quicpipe: plain"]);
  });

  it("is a line of JSON for each, with time, level, event, sentence and values", () => {
    const { log, lines } = open({ logFormat: "json" });
    const before = Date.now();
    new LimitedLog(log, Date.now).write("error", "kind", "something\nhappened", { count: 3n });
    log.info("quicpipe: plain");
    const [first, second] = parsed(lines());
    expect(first).toEqual({
      time: expect.any(String),
      level: "error",
      event: "kind",
      message: "something\nhappened",
      count: "3",
    });
    expect(Date.parse(first!["time"] as string)).toBeGreaterThanOrEqual(before);
    expect(second).toEqual({ time: expect.any(String), level: "info", message: "plain" });
  });

  it("lets no value take the place of time, level or sentence", () => {
    const { log, lines } = open({ logFormat: "json" });
    log.warn({ level: "info", message: "forged", time: 0 }, "the truth");
    expect(parsed(lines())[0]).toMatchObject({
      level: "warn",
      message: "the truth",
      time: expect.any(String),
    });
  });

  it("has errors with code, stack and cause, and values that hold themselves", () => {
    const { log, lines } = open({ logFormat: "json" });
    const cause = new TypeError("why");
    const err = new QuicpipeError("ERR_QUICPIPE_DRAINING", "what", { cause });
    log.error({ err }, "failed");
    const round: Record<string, unknown> = {};
    round["itself"] = round;
    log.error({ round }, "odd");
    const [first, second] = parsed(lines());
    expect(first!["err"]).toMatchObject({
      code: "ERR_QUICPIPE_DRAINING",
      message: "what",
      stack: expect.stringContaining("log.test.ts"),
      cause: { name: "TypeError", message: "why" },
    });
    expect(second).toMatchObject({ message: "odd", values: expect.stringContaining("Circular") });
  });

  it.each([
    ["error", ["error"]],
    ["warn", ["error", "warn"]],
    ["info", ["error", "warn", "info"]],
    ["debug", ["error", "warn", "info", "debug"]],
    [undefined, ["error", "warn", "info"]],
  ] as const)("has lines of the level and above: %s", (logLevel, expected) => {
    for (const logFormat of ["text", "json"] as const) {
      const { log, lines } = open({ logFormat, ...(logLevel && { logLevel }) });
      for (const level of ["error", "warn", "info", "debug"] as const) log[level](level);
      const written = lines();
      expect(logFormat === "json" ? parsed(written).map(({ level }) => level) : written).toEqual(expected);
    }
  });

  it("may change while it is written", () => {
    const { log, lines } = open({});
    log.debug("no");
    log.configure({ logFormat: "json", logLevel: "debug" });
    log.debug("yes");
    expect(parsed(lines()).map(({ message }) => message)).toEqual(["yes"]);
  });
});
