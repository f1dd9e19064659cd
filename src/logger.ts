import { debuglog } from "node:util";

/**
 * Where the relay writes its few log lines: `console` fits, and so does a pino logger. Each line is a sentence and an
 * object of named values; a logger with pino's method `bindings` gets the object first, any other one second.
 */
export interface Logger {
  error(message: string, ...details: unknown[]): void;
  warn(message: string, ...details: unknown[]): void;
  info(message: string, ...details: unknown[]): void;
  debug(message: string, ...details: unknown[]): void;
}

/** What a line is written with. */
export type LogLevel = keyof Logger;

const discard = (): void => undefined;

/** A logger that writes nothing. */
export const silentLogger: Logger = { error: discard, warn: discard, info: discard, debug: discard };

/** Writes to a console, and the lines for developers only where `NODE_DEBUG` names `quicpipe`. */
export function consoleLogger(console: Console): Logger {
  return {
    error: (...line) => console.error(...line),
    warn: (...line) => console.warn(...line),
    info: (...line) => console.info(...line),
    debug: debuglog("quicpipe").enabled ? (...line) => console.debug(...line) : discard,
  };
}
