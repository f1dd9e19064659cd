import { portsBefore, mappingMs } from "../../../defaults/index.ts";
import type { NatReport, PortSequence } from "../../nat/report.ts";
import type { NatView } from "../../nat/view.ts";

const maxPort = 65_535;

/**
 * What one connection tells of this side's NAT. Of one that counts its ports it has those of the moment at which a round began: that
 * is when the NAT gives the ports towards the other side.
 */
export class Forecast {
  readonly #nat: NatView;
  readonly #onPorts: () => void;
  #ports: PortSequence | undefined;
  /** The report that the ports belong to. */
  #of: NatReport | undefined;
  #lastRoundMs = -Infinity;

  /** @param onPorts called when there are other ports to tell. */
  constructor(nat: NatView, onPorts: () => void) {
    this.#nat = nat;
    this.#onPorts = onPorts;
  }

  get report(): NatReport {
    const { report } = this.#nat;
    if (report.kind !== "sequential") return report;
    return { kind: "sequential", ports: report === this.#of ? this.#ports : undefined };
  }

  /** Measures the ports as a round begins, unless the mappings of the last round are there still, and their ports known. */
  async roundBegins(nowMs: number): Promise<void> {
    const { report } = this.#nat;
    const isMapped = nowMs - this.#lastRoundMs < mappingMs && report === this.#of;
    this.#lastRoundMs = nowMs;
    if (isMapped || report.kind !== "sequential") return;
    this.#of = report;
    this.#ports = undefined;
    const last = await this.#nat.measure();
    if (!last || report !== this.#of) return;
    // The first checks leave at the same time: the ports towards the other side may be a little before the one that was seen.
    const base = last.base - portsBefore * last.step;
    // At the end of its ports a NAT begins anew, and nothing is to be told.
    if (base < 0 || base > maxPort) return;
    this.#ports = { base, step: last.step };
    this.#onPorts();
  }

  /** More is known of the NAT than when the last round began. */
  async natKnown(nowMs: number): Promise<void> {
    if (nowMs - this.#lastRoundMs < mappingMs) await this.roundBegins(nowMs);
  }
}
