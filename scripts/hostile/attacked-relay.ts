import { setTimeout as sleep } from "node:timers/promises";
import type { Attack } from "./attack.ts";
import { attackFor, type AttackReport } from "./attacker-process.ts";
import { Pair } from "./honest/pair.ts";
import { visitHttp3, visitTcp } from "./honest/visitor.ts";
import { warmUp } from "./honest/warm-up.ts";
import { type Observation, observe } from "./observation.ts";
import { RelayProcess } from "./relay-process.ts";
import { bounds, judge } from "./verdict.ts";

/** One attack and its outcome. */
export interface AttackResult {
  readonly attack: Attack;
  readonly quiet: Observation;
  readonly attacked: Observation;
  readonly report: AttackReport;
  /** In words; empty if the relay held. */
  readonly faults: readonly string[];
}

/** Time for memory to come back, in ms: the longest time that a closed client's memory is kept. */
const recoveryMs = 60_000;

/** A relay in use by honest clients, on which attacks are tried. The caller closes it. */
export class AttackedRelay {
  readonly relay: RelayProcess;
  /** Memory at the relay's start, in bytes. */
  readonly coldBytes: number;
  readonly #pair: Pair;

  private constructor(relay: RelayProcess, pair: Pair, coldBytes: number) {
    this.relay = relay;
    this.#pair = pair;
    this.coldBytes = coldBytes;
  }

  static async open(backend: string): Promise<AttackedRelay> {
    const relay = await RelayProcess.start(backend);
    const pair = await Pair.open(relay.target);
    const coldBytes = relay.rssBytes;
    await warmUp(relay.target);
    return new AttackedRelay(relay, pair, coldBytes);
  }

  /** Observes the relay without an attack. */
  calm(ms: number): Promise<Observation> {
    return observe(this.relay, this.#pair, sleep(ms));
  }

  /** Attacks for `ms` and compares the observation with a quiet phase. */
  async try(attack: Attack, ms: number, quiet: Observation): Promise<AttackResult> {
    // Leftovers of earlier attacks count once, after all of them.
    const before = { ...quiet, rssBytes: Math.max(quiet.rssBytes, this.relay.rssBytes) };
    const attacking = attackFor(this.relay, attack.name, ms);
    const attacked = await observe(this.relay, this.#pair, attacking);
    const report = await attacking;
    const faults = judge(before, attacked, attack);
    if (report.complaint) faults.push(report.complaint);
    return { attack, quiet: before, attacked, report, faults };
  }

  /** Waits until memory is back at its quiet level. Returns `false` if it does not come back. */
  async recovers(quietBytes: number): Promise<boolean> {
    const deadline = Date.now() + recoveryMs;
    const isBack = (): boolean =>
      this.relay.isAlive && this.relay.rssBytes - quietBytes <= bounds.rssAfterBytes;
    // Visits continue meanwhile: they make the process clean up.
    while (!isBack() && this.relay.isAlive && Date.now() < deadline)
      await Promise.all([visitTcp(this.relay.target), visitHttp3(this.relay.target), sleep(200)]);
    return isBack();
  }

  async close(): Promise<void> {
    await this.#pair.close();
    await this.relay.close();
  }
}
