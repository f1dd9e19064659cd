import { onTestFinished, vi } from "vitest";
import type { Logger, TokenAuthOptions } from "../../../../src/index.ts";
import { type Answer, call, type RelayApp, serveRelay } from "../../harness/relay-app.ts";
import type { Issuer } from "./issuer.ts";

export const minuteMs = 60_000;
export const hourMs: number = 60 * minuteMs;

/** A relay whose warnings a test can read. */
export interface WatchedRelay {
  readonly app: RelayApp;
  /** The warnings about keys since the last call, with their fields. */
  warnings(): { message: string; fields: Record<string, unknown> }[];
}

/** Serves a relay that authenticates so. */
export async function watchedRelay(auth: TokenAuthOptions): Promise<WatchedRelay> {
  const warn = vi.fn<Logger["warn"]>();
  const logger: Logger = { error: vi.fn(), warn, info: vi.fn(), debug: vi.fn() };
  const app = await serveRelay({ auth, logger });
  return {
    app,
    warnings() {
      const lines = warn.mock.calls.map(([message, fields]) => ({
        message,
        fields: fields as Record<string, unknown>,
      }));
      warn.mockClear();
      return lines;
    },
  };
}

/** Asks a relay something with a token. */
export function ask({ app }: WatchedRelay, token: string): Promise<Answer> {
  return call("GET", `${app.url}/v1/register`, { token });
}

/** Takes over the time of day, which stands still until it is moved on. */
export function clock(): (ms: number) => void {
  vi.useFakeTimers({ toFake: ["Date"] });
  onTestFinished(() => void vi.useRealTimers());
  return (ms) => void vi.setSystemTime(Date.now() + ms);
}

/** A token that lives for a week. */
export function longToken(issuer: Issuer): Promise<string> {
  return issuer.token({ exp: Math.floor(Date.now() / 1000) + 7 * 24 * 3600 });
}

export const unavailable: readonly unknown[] = [503, "ERR_QUICPIPE_JWKS_UNAVAILABLE"];
/** What a problem is told by: its status and its code. */
export const outcome = ({ status, body }: Answer): unknown[] => [status, body.code];
