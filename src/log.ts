import { logIntervalMs, logLinesPerKind } from "./defaults/index.ts";
import { debuglog, inspect } from "node:util";
import { optionInvalid } from "./option-checks.ts";

/**
 * The destination of the log lines: `console` or a pino logger, for example. Each line is a sentence and an object of named
 * values. A logger with pino's method `bindings` gets the object first, any other logger second.
 */
export interface Logger {
  error(message: string, ...details: unknown[]): void;
  warn(message: string, ...details: unknown[]): void;
  info(message: string, ...details: unknown[]): void;
  debug(message: string, ...details: unknown[]): void;
}

/** Severity of a line. */
export type LogLevel = keyof Logger;

const discard = (): void => undefined;

/** A logger that writes nothing. */
export const silentLogger: Logger = { error: discard, warn: discard, info: discard, debug: discard };

/** Whether `NODE_DEBUG` names `quicpipe`. */
export function isDebugged(): boolean {
  return debuglog("quicpipe").enabled;
}

/** Returns a logger that writes each entry to a console as a single line, `debug` lines only if `hasDebug`. */
export function consoleLogger(console: Console, hasDebug: boolean = isDebugged()): Logger {
  return {
    error: (...line) => console.error(onOneLine(line)),
    warn: (...line) => console.warn(onOneLine(line)),
    info: (...line) => console.info(onOneLine(line)),
    debug: hasDebug ? (...line) => console.debug(onOneLine(line)) : discard,
  };
}

/** Joins an error's stack as well, so that a line-based reader does not take its lines for separate entries. */
function onOneLine([message, ...details]: readonly unknown[]): string {
  const shown = details.map((each) => inspect(each, { breakLength: Infinity, compact: true }));
  return [message, ...shown].join(" ").replaceAll(/\s*[\n\r]\s*/g, " ");
}

const levels: readonly LogLevel[] = ["error", "warn", "info", "debug"];

/** Returns the logger of the option `logger`: `console` if absent, none if `false`. @throws ERR_QUICPIPE_OPTION_INVALID */
export function requireLogger(logger: Logger | false | undefined): Logger {
  if (logger === undefined) return consoleLogger(console);
  if (logger === false) return silentLogger;
  const isObject = typeof logger === "object" && logger !== null;
  if (isObject && levels.every((level) => typeof Reflect.get(logger, level) === "function")) return logger;
  throw optionInvalid("logger", logger, `false or an object with the methods ${levels.join(", ")}`);
}

/** Named values of a line. They never hold a key, token, secret or connection ID. An error is `err`, as in pino. */
export type LogFields = Readonly<Record<string, unknown>>;

/** One interval of one kind. */
interface Share {
  readonly startedAtMs: number;
  lines: number;
  suppressed: number;
}

/**
 * Writes lines to a {@link Logger}: at most `defaults.logLinesPerKind` of a kind per `defaults.logIntervalMs`. The next line
 * written states how many were suppressed. A failing logger breaks nothing; its first failure emits a process warning.
 */
export class LimitedLog<Kind extends string> {
  readonly #logger: Logger;
  readonly #isPino: boolean;
  readonly #now: () => number;
  readonly #shares = new Map<Kind, Share>();
  #hasFailed = false;

  constructor(logger: Logger, now: () => number) {
    this.#logger = logger;
    this.#isPino = "bindings" in logger && typeof logger.bindings === "function";
    this.#now = now;
  }

  /** @param message a sentence without foreign values: those belong in `fields`, which loggers escape. */
  write(level: LogLevel, kind: Kind, message: string, fields: LogFields = {}): void {
    const share = this.#shareOf(kind);
    if (share.lines === logLinesPerKind) {
      share.suppressed++;
      return;
    }
    share.lines++;
    void this.#print(level, kind, message, {
      ...fields,
      ...(share.suppressed > 0 && { suppressed: share.suppressed }),
    });
    share.suppressed = 0;
  }

  /** Writes the number of suppressed lines of each kind that no later line has stated. */
  flush(): void {
    for (const [kind, { suppressed }] of this.#shares)
      if (suppressed > 0)
        void this.#print("info", "suppressed", "log lines were left out", { of: kind, suppressed });
    this.#shares.clear();
  }

  #shareOf(kind: Kind): Share {
    const nowMs = this.#now();
    const known = this.#shares.get(kind);
    // A clock that was set back starts a new interval.
    if (known && Math.abs(nowMs - known.startedAtMs) < logIntervalMs) return known;
    const share = { startedAtMs: nowMs, lines: 0, suppressed: known?.suppressed ?? 0 };
    this.#shares.set(kind, share);
    return share;
  }

  async #print(
    level: LogLevel,
    kind: Kind | "suppressed",
    message: string,
    fields: LogFields,
  ): Promise<void> {
    const text = `quicpipe: ${message}`;
    const hasFields = Object.keys(fields).length > 0;
    const line = this.#isPino ? [{ event: kind, ...fields }, text] : [text, ...(hasFields ? [fields] : [])];
    try {
      // An asynchronous logger may fail later.
      await Reflect.apply(this.#logger[level], this.#logger, line);
    } catch {
      this.#failed();
    }
  }

  /** Omits the error: formatting it may be what failed. */
  #failed(): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    process.emitWarning("the logger threw an error: lines are lost", { code: "QUICPIPE_LOGGER_FAILED" });
  }
}
