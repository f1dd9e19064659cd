import { isIP } from "node:net";
import type { LogLevel } from "../../log.ts";
import { checkOptions, range, requireOneOf, requireText } from "../../option-checks.ts";
import { parseAddress } from "../../wire/address.ts";
import type { LogFormat } from "./log.ts";

/** What the command does around its relay. */
export interface CommandOptions {
  /** Address and port of the listener for Prometheus. */
  readonly metricsListen?: string | undefined;
  readonly logFormat?: LogFormat | undefined;
  readonly logLevel?: LogLevel | undefined;
  /** Seconds for which present peers are still forwarded at the end; 0 if absent. */
  readonly drainSeconds?: number | undefined;
}

/** A day: whoever waits longer for a relay to end can start another one meanwhile. */
export const maxDrainSeconds = 86_400;

const levels: readonly [LogLevel, ...LogLevel[]] = ["error", "warn", "info", "debug"];

/** Checks these options. Absent ones stay absent. @throws ERR_QUICPIPE_OPTION_INVALID, naming the option */
export function checkCommandOptions(given: CommandOptions): CommandOptions {
  const { drainSeconds, ...texts } = checkOptions("the command", given, {
    metricsListen: (path, value) =>
      requireText(path, value, "an IP address and a port, such as 127.0.0.1:9464", isListenAddress),
    logFormat: (path, value) => value && requireOneOf<LogFormat>(path, value, ["text", "json"]),
    logLevel: (path, value) => value && requireOneOf<LogLevel>(path, value, levels),
    drainSeconds: range(0, 0, maxDrainSeconds),
  });
  return given.drainSeconds === undefined ? texts : { ...texts, drainSeconds };
}

function isListenAddress(text: string): boolean {
  const address = parseAddress(text);
  return address !== undefined && isIP(address.address) !== 0;
}
