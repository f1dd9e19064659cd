import { showDrops, showMailbox } from "./counts.ts";
import { byId, setText } from "./elements.ts";
import { type FeedState, followFeed } from "./feed.ts";
import { Figures } from "./figures.ts";
import { showFindings, showKernel } from "./kernel.ts";
import { createRateCharts } from "./rates/rates.ts";
import { isSignedIn, routeOf, signOut } from "./relay-client.ts";
import { Sessions } from "./sessions/sessions.ts";

const words: Readonly<Record<FeedState, string>> = {
  connecting: "Connecting …",
  live: "Live",
  lost: "Connection lost, trying again …",
  ended: "Signed out: load the page again",
};

const figures = new Figures();
const rateCharts = createRateCharts();
const sessions = new Sessions();

showStatus("connecting");
followFeed(routeOf("events"), isSignedIn, {
  onSnapshot(snapshot) {
    figures.show(snapshot);
    for (const chart of rateCharts) chart.show(snapshot);
    showDrops(snapshot.totals);
    showMailbox(snapshot.totals);
    showKernel(snapshot.totals);
  },
  onState: showStatus,
});

void sessions.refresh();
void showFindings();

byId("sign-out").addEventListener("click", () => {
  void signOut().then(
    () => location.reload(),
    () => showStatus("lost"),
  );
});

/** Shows the state of the stream. The page's figures remain: they are the last known ones. */
function showStatus(state: FeedState): void {
  const status = byId("status");
  status.dataset["state"] = state === "ended" ? "lost" : state;
  setText(status, words[state]);
}
