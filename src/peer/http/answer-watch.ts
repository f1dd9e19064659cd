import * as defaults from "../../defaults/index.ts";
import type { HttpRequest } from "./http.ts";

/** The relay as {@link watchAnswer} sees it. */
export interface WatchedRelay {
  /** Returns when a packet last came from it, by `performance.now()`. */
  heardAtMs(): number;
  /** Has it acknowledge a packet. */
  ping(): void;
  /** Gives it up. */
  giveUp(why: string): void;
}

/**
 * Gives the relay up if a request gets no response: it has forgotten the session, or the path to it has changed. A relay that is
 * only slow acknowledges packets. If it does not, an idempotent request is worth a new session at once. So the relay is pinged
 * while such a request waits.
 *
 * @returns ends the watch.
 */
export function watchAnswer(
  { method, path, timeoutMs, isIdempotent }: HttpRequest,
  relay: WatchedRelay,
): () => void {
  const giveUp = (waitedMs: number): void =>
    relay.giveUp(`${method} ${path} got no answer in ${waitedMs} ms`);
  const timer = setTimeout(giveUp, timeoutMs, timeoutMs);
  let askedAtMs = performance.now();
  let look: NodeJS.Immediate | undefined;
  const lookAndAsk = (): void => {
    if (relay.heardAtMs() < askedAtMs) return giveUp(defaults.httpSilenceMs);
    askedAtMs = performance.now();
    relay.ping();
  };
  // Datagrams that came while this process was busy are read before the relay is judged.
  const onTick = (): void => void (look = setImmediate(lookAndAsk));
  const ticks = isIdempotent ? setInterval(onTick, defaults.httpSilenceMs) : undefined;
  return () => {
    clearTimeout(timer);
    clearInterval(ticks);
    clearImmediate(look);
  };
}
