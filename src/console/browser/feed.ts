import type { Snapshot } from "./snapshot.ts";

/** How it is with the stream: `"ended"` where the relay no longer takes the token. */
export type FeedState = "connecting" | "live" | "lost" | "ended";

/** Who hears of it. */
export interface FeedListener {
  onSnapshot(snapshot: Snapshot): void;
  onState(state: FeedState): void;
}

/** A stream without an event for this long is taken for broken: the relay sends one each second. */
const silenceMs = 5000;
const retryMs = 3000;

/** Follows the relay's figures for as long as the page is open, over breaks of the connection. */
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
    // An event source does not say why it failed.
    void isSignedIn().then((signedIn) => (signedIn ? again() : listener.onState("ended")));
  });
}
