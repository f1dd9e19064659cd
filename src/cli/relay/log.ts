import { Console } from "node:console";
import type { Writable } from "node:stream";
import { inspect } from "node:util";
import { consoleLogger, isDebugged, type Logger, type LogLevel } from "../../log.ts";

/** How lines of the log look: sentences, or an object of JSON each. */
export type LogFormat = "text" | "json";

/** What may change while the log is written. */
export interface LogSettings {
  readonly logFormat?: LogFormat;
  /** The least severe lines; those of `debug` too if `NODE_DEBUG` names `quicpipe`, and of `info` otherwise, if absent. */
  readonly logLevel?: LogLevel;
}

/** From the most severe on. */
const order: readonly LogLevel[] = ["error", "warn", "info", "debug"];

/** The log of `quicpipe relay`. It writes to stderr, as stdout is for the output that a command was asked for. */
export class RelayLog implements Logger {
  readonly #stream: Writable;
  readonly #text: Logger;
  #settings: LogSettings = {};

  constructor(settings: LogSettings, stream: Writable = process.stderr) {
    this.#stream = stream;
    this.#text = consoleLogger(new Console(stream), true);
    this.configure(settings);
  }

  /** Changes format and level of the lines to come. */
  configure({ logFormat = "text", logLevel = isDebugged() ? "debug" : "info" }: LogSettings): void {
    this.#settings = { logFormat, logLevel };
  }

  /** As pino has it: the values of a line come before its sentence, with the kind of the line as `event`. */
  bindings(): object {
    return {};
  }

  error(...line: unknown[]): void {
    this.#write("error", line);
  }

  warn(...line: unknown[]): void {
    this.#write("warn", line);
  }

  info(...line: unknown[]): void {
    this.#write("info", line);
  }

  debug(...line: unknown[]): void {
    this.#write("debug", line);
  }

  #write(level: LogLevel, line: readonly unknown[]): void {
    const { logFormat, logLevel } = this.#settings;
    if (order.indexOf(level) > order.indexOf(logLevel!)) return;
    const sentence = String(line.find((each) => typeof each === "string") ?? "");
    const { event, ...fields } = (line.find((each) => typeof each === "object") ?? {}) as Record<
      string,
      unknown
    >;
    if (logFormat === "json") this.#stream.write(`${jsonLine(level, sentence, event, fields)}\n`);
    else this.#text[level](sentence, ...(Object.keys(fields).length > 0 ? [fields] : []));
  }
}

function jsonLine(level: LogLevel, sentence: string, event: unknown, fields: object): string {
  const message = sentence.replace(/^quicpipe: /, "");
  const line = { time: new Date().toISOString(), level, ...(event !== undefined && { event }), message };
  try {
    return JSON.stringify({ ...fields, ...line }, plain);
  } catch {
    // For example, a value that holds itself.
    return JSON.stringify({ ...line, values: inspect(fields) });
  }
}

/** Makes JSON of what has none of its own. */
function plain(_: string, value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  if (!(value instanceof Error)) return value;
  const { name, message, stack, cause } = value;
  return {
    name,
    ...("code" in value && { code: value.code }),
    message,
    stack,
    ...(cause !== undefined && { cause }),
  };
}
