import { Console } from "node:console";
import { PassThrough } from "node:stream";
import { describe, expect, it, vi } from "vitest";
import * as defaults from "../../../src/defaults/index.ts";
import { Log } from "../../../src/plugin/log.ts";
import type { Logger } from "../../../src/log.ts";

function createLogger(): { [Level in keyof Logger]: ReturnType<typeof vi.fn<Logger[Level]>> } {
  return { error: vi.fn(), warn: vi.fn(), info: vi.fn(), debug: vi.fn() };
}

describe("Log", () => {
  it("gives a console-shaped logger the sentence first, and no object where there is nothing in it", () => {
    const logger = createLogger();
    const log = new Log(logger, () => 0);
    log.write("info", "listening", "relay on UDP 1.2.3.4:5");
    log.write("debug", "moved", "a registration has another address", { id: "x" });
    expect(logger.info.mock.calls).toEqual([["quicpipe: relay on UDP 1.2.3.4:5"]]);
    expect(logger.debug.mock.calls).toEqual([["quicpipe: a registration has another address", { id: "x" }]]);
  });

  it("gives a logger like pino the object first, with the kind of the line in it", () => {
    const logger = { ...createLogger(), bindings: () => ({}) };
    new Log(logger, () => 0).write("warn", "auth", "a sentence", { id: "x" });
    expect(logger.warn.mock.calls).toEqual([[{ event: "auth", id: "x" }, "quicpipe: a sentence"]]);
    expect(logger.warn.mock.contexts).toEqual([logger]);
  });

  it("goes on with a logger that throws, or fails later, and says so once", async () => {
    const warnings = vi.spyOn(process, "emitWarning").mockReturnValue(undefined);
    const { promise: later, reject } = Promise.withResolvers<void>();
    const logger = {
      ...createLogger(),
      error: () => {
        throw new Error("the disk is full");
      },
      warn: () => later,
    };
    const log = new Log(logger, () => 0);
    for (const level of ["error", "warn", "error", "info"] as const) log.write(level, "auth", "a sentence");
    reject(new Error("the line is down"));
    await later.catch(() => undefined);
    expect(logger.info).toHaveBeenCalledTimes(1);
    expect(warnings.mock.calls).toEqual([
      ["the logger threw an error: lines are lost", { code: "QUICPIPE_LOGGER_FAILED" }],
    ]);
    warnings.mockRestore();
  });

  it("limits each kind for itself, and says how many lines were left out", () => {
    const logger = createLogger();
    let nowMs = 0;
    const log = new Log(logger, () => nowMs);
    for (let i = 0; i < defaults.logLinesPerKind + 90; i++) log.write("debug", "registered", "one", { i });
    expect(logger.debug).toHaveBeenCalledTimes(defaults.logLinesPerKind);
    log.write("debug", "ended", "another kind");
    expect(logger.debug).toHaveBeenCalledTimes(defaults.logLinesPerKind + 1);
    nowMs = defaults.logIntervalMs;
    log.write("debug", "registered", "one", { i: "next" });
    expect(logger.debug).toHaveBeenLastCalledWith("quicpipe: one", { i: "next", suppressed: 90 });
    log.write("debug", "registered", "one", { i: "last" });
    expect(logger.debug).toHaveBeenLastCalledWith("quicpipe: one", { i: "last" });
  });

  it("says at the end what no later line said", () => {
    const logger = createLogger();
    const log = new Log(logger, () => 0);
    for (let i = 0; i < defaults.logLinesPerKind + 5; i++) log.write("debug", "request-refused", "one");
    log.flush();
    log.flush();
    const line = ["quicpipe: log lines were left out", { of: "request-refused", suppressed: 5 }];
    expect(logger.info.mock.calls).toEqual([line]);
  });

  it("shows the names of peers with their control characters escaped", async () => {
    const output = new PassThrough();
    new Log(new Console(output), () => 0).write("info", "revoked", "one", {
      by: "\u001B[2J\nquicpipe: forged",
    });
    const text = String(output.read());
    expect(text).toContain(String.raw`\x1B[2J\nquicpipe: forged`);
    expect(text.trimEnd().split("\n")).toHaveLength(1);
  });
});
