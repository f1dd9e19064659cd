import { showDrops, showMailbox } from "./counts.ts";
import { byId } from "./elements.ts";
import { followFeed } from "./feed.ts";
import { Figures } from "./figures.ts";
import { showFindings, showKernel } from "./kernel.ts";
import { createRateCharts } from "./rates.ts";
import { isSignedIn, routeOf, signOut } from "./relay-client.ts";
import { Sessions } from "./sessions.ts";
import { showStatus } from "./status.ts";

const figures = new Figures();
const rates = createRateCharts();
const sessions = new Sessions();

showStatus("connecting");
followFeed(routeOf("events"), isSignedIn, {
  onSnapshot(snapshot) {
    figures.show(snapshot);
    rates.show(snapshot);
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
