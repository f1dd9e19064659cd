import type { ConnectionPath, ConnectionPathEvent } from "../../peer/index.ts";
import { whyLost, whyRelay } from "./relay-reasons.ts";

/** Where packets go, and how long they take. */
type Place = Pick<ConnectionPath, "kind" | "remote" | "rttMs">;

/** Puts the paths of one connection into lines for people. */
export class PathLines {
  /** Where packets go, by what was told last. */
  #place: Place;
  readonly #reason: ConnectionPath["reason"];
  #isInDoubt = false;

  /** @param path the one that the connection begins with. */
  constructor(path: ConnectionPath) {
    this.#place = path;
    this.#reason = path.reason;
  }

  /** The line about the path that the connection begins with; `undefined` while a direct one is being looked for. */
  get first(): string | undefined {
    if (this.#place.kind === "direct") return placeText(this.#place);
    return this.#reason && `relay only: ${whyRelay(this.#reason)}`;
  }

  /**
   * Returns the line about an event; `undefined` if it changes nothing for people.
   *
   * @param path the one that packets take now, when later events may have happened already.
   * @param afterMs time since the connection was made.
   */
  lineFor(event: ConnectionPathEvent, path: ConnectionPath, afterMs: number): string | undefined {
    const { kind } = event;
    if (kind === "refused") return `relay only: ${whyRelay(event.reason)}`;
    if (kind === "opened") return undefined;
    const wasInDoubt = this.#isInDoubt;
    this.#isInDoubt = kind === "suspect";
    if (kind === "suspect") return "direct path in doubt";
    const before = this.#place;
    this.#place = kind === "lost" ? { ...path, kind: "relay" } : { ...event, kind: "direct" };
    if (kind === "lost") return `back to the relay: ${whyLost(event.reason)}`;
    if (wasInDoubt) return `direct path answers again: ${event.remote} ${formatMs(event.rttMs)}`;
    return `${placeText(before)} → ${placeText(this.#place)} (${formatMs(afterMs)} after connect)`;
  }
}

function placeText({ kind, remote, rttMs }: Place): string {
  return `${kind}${kind === "relay" ? "" : ` ${remote}`} ${formatMs(rttMs)}`;
}

/** Formats a time: `0.4 ms`, `24 ms`. */
export function formatMs(ms: number): string {
  return `${Number(ms.toFixed(ms < 10 ? 1 : 0))} ms`;
}
