import { byId, setText } from "./elements.ts";
import type { FeedState } from "./feed.ts";

const words: Readonly<Record<FeedState, string>> = {
  connecting: "Connecting …",
  live: "Live",
  lost: "Connection lost, trying again …",
  ended: "Signed out: load the page again",
};

/** Shows the state of the stream. The page's figures remain: they are the last known ones. */
export function showStatus(state: FeedState): void {
  const status = byId("status");
  status.dataset["state"] = state === "ended" ? "lost" : state;
  setText(status, words[state]);
}
