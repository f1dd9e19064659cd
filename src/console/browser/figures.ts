import { byId, setText } from "./elements.ts";
import type { Snapshot, Totals } from "./snapshot.ts";
import { formatBytes, formatCount } from "./quantities.ts";

/** Shows the figures at the top of the page, and the relay's address and backend. */
export class Figures {
  #last: { readonly atMs: number; readonly drops: number } | undefined;

  show({ at, totals, rates }: Snapshot): void {
    const { address, backend, backendReason, registrations, cids, relayed, mailbox } = totals;
    showText(
      "address",
      `${address.address.includes(":") ? `[${address.address}]` : address.address}:${address.port}`,
    );
    showText("backend", backend);
    byId("backend").title = backendReason;
    byId("backend").hidden = false;
    showSecondPort(totals);
    showText("figure-sessions", formatCount(registrations));
    showText("figure-cids", `${formatCount(cids)} connection IDs`);
    showText("figure-packets-total", `${formatCount(relayed.packets)} in all`);
    if (rates) {
      const { user, kernel } = rates;
      showText("figure-packets", `${formatCount(user.packetsPerSecond + kernel.packetsPerSecond)}/s`);
      showText("figure-bytes", `${formatBytes(user.bytesPerSecond + kernel.bytesPerSecond)}/s`);
    }
    showText("figure-bytes-total", `${formatBytes(relayed.bytes)} in all`);
    showText("figure-mailbox", formatCount(mailbox.queued));
    showText("figure-mailbox-hint", "messages waiting");
    this.#showDrops(
      Date.parse(at),
      Object.values(totals.dropped).reduce((sum, count) => sum + count, 0),
    );
  }

  #showDrops(atMs: number, drops: number): void {
    const last = this.#last ?? { atMs, drops };
    const seconds = (atMs - last.atMs) / 1000;
    // The counters of a restarted relay begin at 0 again.
    const perSecond = seconds > 0 ? Math.max(0, drops - last.drops) / seconds : 0;
    this.#last = { atMs, drops };
    showText("figure-drops", `${formatCount(perSecond)}/s`);
    byId("figure-drops").dataset["tone"] = perSecond > 0 ? "bad" : "";
    showText("figure-drops-total", `${formatCount(drops)} in all`);
  }
}

function showSecondPort({ address, stunPort }: Totals): void {
  if (!stunPort) return;
  showText("second-port", `second port ${address.stunPort}: ${formatCount(stunPort.answered)} answered`);
  byId("second-port").hidden = false;
}

function showText(id: string, text: string): void {
  setText(byId(id), text);
}
