import { byId, setText } from "./elements.ts";
import type { FeedState } from "./feed.ts";

const words: Readonly<Record<FeedState, string>> = {
  connecting: "Connecting …",
  live: "Live",
  lost: "Connection lost, trying again …",
  ended: "Signed out: load the page again",
};

/** Shows how it is with the stream of figures. What is on the page stays: it is the last that was known. */
export function showStatus(state: FeedState): void {
  const status = byId("status");
  status.dataset["state"] = state === "ended" ? "lost" : state;
  setText(status, words[state]);
}
