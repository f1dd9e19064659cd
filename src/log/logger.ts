import { debuglog, inspect } from "node:util";

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

/**
 * Writes to a console, each line as one, however much is in it, and the lines for developers only where `NODE_DEBUG` names
 * `quicpipe`.
 */
export function consoleLogger(console: Console): Logger {
  return {
    error: (...line) => console.error(onOneLine(line)),
    warn: (...line) => console.warn(onOneLine(line)),
    info: (...line) => console.info(onOneLine(line)),
    debug: debuglog("quicpipe").enabled ? (...line) => console.debug(onOneLine(line)) : discard,
  };
}

/** The stack of an error as well: a reader of lines takes none of its lines for one of its own. */
function onOneLine([message, ...details]: readonly unknown[]): string {
  const shown = details.map((each) => inspect(each, { breakLength: Infinity, compact: true }));
  return [message, ...shown].join(" ").replaceAll(/\s*[\n\r]\s*/g, " ");
}
