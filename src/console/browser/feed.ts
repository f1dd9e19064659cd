import type { Snapshot } from "./snapshot.ts";

/** State of the stream. `"ended"`: the relay no longer accepts the token. */
export type FeedState = "connecting" | "live" | "lost" | "ended";

/** Receiver of the stream's events. */
export interface FeedListener {
  onSnapshot(snapshot: Snapshot): void;
  onState(state: FeedState): void;
}

/** Silence after which a stream counts as broken, in ms. The relay sends an event every second. */
const silenceMs = 5000;
const retryMs = 3000;

/** Follows the relay's figures while the page is open, and reconnects after failures. */
export function followFeed(url: string, isSignedIn: () => Promise<boolean>, listener: FeedListener): void {
  const source = new EventSource(url);
  const again = (): void => {
    source.close();
    listener.onState("lost");
    setTimeout(() => followFeed(url, isSignedIn, listener), retryMs);
  };
  let silence = setTimeout(again, silenceMs);
  source.addEventListener("stats", (event: MessageEvent<string>) => {
    clearTimeout(silence);
    silence = setTimeout(again, silenceMs);
    listener.onState("live");
    listener.onSnapshot(JSON.parse(event.data) as Snapshot);
  });
  source.addEventListener("error", () => {
    clearTimeout(silence);
    source.close();
    // An EventSource does not report why it failed.
    void isSignedIn().then((signedIn) => (signedIn ? again() : listener.onState("ended")));
  });
}
