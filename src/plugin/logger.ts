/** Where the relay writes its few log lines; `console` fits. */
export interface Logger {
  error(message: string, ...details: unknown[]): void;
  warn(message: string, ...details: unknown[]): void;
  info(message: string, ...details: unknown[]): void;
  debug(message: string, ...details: unknown[]): void;
}

const discard = (): void => undefined;

/** A logger that writes nothing. */
export const silentLogger: Logger = { error: discard, warn: discard, info: discard, debug: discard };
