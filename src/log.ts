import { logIntervalMs, logLinesPerKind } from "./defaults.ts";
import type { Logger, LogLevel } from "./logger.ts";

/** Named values of a line. No key, token, secret or connection ID; an error is `err`, as pino has it. */
export type LogFields = Readonly<Record<string, unknown>>;

/** One interval of a kind. */
interface Share {
  readonly startedAtMs: number;
  lines: number;
  suppressed: number;
}

/**
 * Writes lines to a {@link Logger}: at most `defaults.logLinesPerKind` of a kind in `defaults.logIntervalMs`. The next
 * line that is written says how many were not.
 */
export class LimitedLog<Kind extends string> {
  readonly #logger: Logger;
  readonly #isPino: boolean;
  readonly #now: () => number;
  readonly #shares = new Map<Kind, Share>();

  constructor(logger: Logger, now: () => number) {
    this.#logger = logger;
    this.#isPino = "bindings" in logger && typeof logger.bindings === "function";
    this.#now = now;
  }

  /** @param message a sentence without values that others chose: those belong to `fields`, which loggers escape. */
  write(level: LogLevel, kind: Kind, message: string, fields: LogFields = {}): void {
    const share = this.#shareOf(kind);
    if (share.lines === logLinesPerKind) {
      share.suppressed++;
      return;
    }
    share.lines++;
    this.#print(level, kind, message, {
      ...fields,
      ...(share.suppressed > 0 && { suppressed: share.suppressed }),
    });
    share.suppressed = 0;
  }

  /** Says of each kind how many lines were not written, where no later line did. */
  flush(): void {
    for (const [kind, { suppressed }] of this.#shares)
      if (suppressed > 0)
        this.#print("info", "suppressed", "log lines were left out", { of: kind, suppressed });
    this.#shares.clear();
  }

  #shareOf(kind: Kind): Share {
    const nowMs = this.#now();
    const known = this.#shares.get(kind);
    // A clock that was set back begins a new interval.
    if (known && Math.abs(nowMs - known.startedAtMs) < logIntervalMs) return known;
    const share = { startedAtMs: nowMs, lines: 0, suppressed: known?.suppressed ?? 0 };
    this.#shares.set(kind, share);
    return share;
  }

  #print(level: LogLevel, kind: Kind | "suppressed", message: string, fields: LogFields): void {
    const text = `quicpipe: ${message}`;
    if (this.#isPino) Reflect.apply(this.#logger[level], this.#logger, [{ event: kind, ...fields }, text]);
    else if (Object.keys(fields).length > 0) this.#logger[level](text, fields);
    else this.#logger[level](text);
  }
}
