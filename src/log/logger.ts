import { debuglog, inspect } from "node:util";
import { optionInvalid } from "../option-checks.ts";

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

/** Returns a logger that writes each entry to a console as a single line. It writes `debug` lines only if `NODE_DEBUG` names `quicpipe`. */
export function consoleLogger(console: Console): Logger {
  return {
    error: (...line) => console.error(onOneLine(line)),
    warn: (...line) => console.warn(onOneLine(line)),
    info: (...line) => console.info(onOneLine(line)),
    debug: debuglog("quicpipe").enabled ? (...line) => console.debug(onOneLine(line)) : discard,
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
