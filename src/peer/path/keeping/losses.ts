import * as defaults from "../../../defaults/index.ts";

interface Sample {
  readonly atMs: number;
  readonly sent: number;
  readonly lost: number;
}

/** The share of a path's packets that were lost over the last 10 s. */
export class Losses {
  readonly #samples: Sample[] = [];

  /**
   * Takes the counters of a path since it was opened, and reports whether it loses too much.
   *
   * @param sent packets sent.
   * @param lost those of them that were declared lost (RFC 9002 §6.1).
   */
  isLossy(sent: number, lost: number, nowMs: number): boolean {
    const samples = this.#samples;
    while (samples.length > 1 && nowMs - samples[1]!.atMs >= defaults.lossWindowMs) samples.shift();
    const first = samples[0];
    samples.push({ atMs: nowMs, sent, lost });
    if (!first || nowMs - first.atMs < defaults.lossWindowMs) return false;
    const total = sent - first.sent;
    return total >= defaults.leastPacketsForLoss && lost - first.lost > defaults.mostLoss * total;
  }
}
