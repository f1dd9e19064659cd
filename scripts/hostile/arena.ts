import { setTimeout as sleep } from "node:timers/promises";
import type { Attack } from "./attack.ts";
import { attackFor, type AttackReport } from "./attacker-process.ts";
import { Pair } from "./honest/pair.ts";
import { visitHttp3, visitTcp } from "./honest/visitor.ts";
import { warmUp } from "./honest/warm-up.ts";
import { type Observation, observe } from "./observation.ts";
import { RelayProcess } from "./relay-process.ts";
import { bounds, judge } from "./verdict.ts";

/** One attack and what came of it. */
export interface Trial {
  readonly attack: Attack;
  readonly quiet: Observation;
  readonly attacked: Observation;
  readonly report: AttackReport;
  /** In words; none: it held. */
  readonly faults: readonly string[];
}

/** How long memory may take to come back, in ms: the longest time that a closed client's memory is kept. */
const recoveryMs = 60_000;

/** A relay in use by honest clients, on which attacks are tried. Whoever opened it closes it. */
export class Arena {
  readonly relay: RelayProcess;
  /** Memory at the relay's start, in bytes. */
  readonly coldBytes: number;
  readonly #pair: Pair;

  private constructor(relay: RelayProcess, pair: Pair, coldBytes: number) {
    this.relay = relay;
    this.#pair = pair;
    this.coldBytes = coldBytes;
  }

  static async open(backend: string): Promise<Arena> {
    const relay = await RelayProcess.start(backend);
    const pair = await Pair.open(relay.target);
    const coldBytes = relay.rssBytes;
    await warmUp(relay.target);
    return new Arena(relay, pair, coldBytes);
  }

  /** Looks on while nobody attacks. */
  calm(ms: number): Promise<Observation> {
    return observe(this.relay, this.#pair, sleep(ms));
  }

  /** Attacks for so long, and compares that with a quiet phase. */
  async try(attack: Attack, ms: number, quiet: Observation): Promise<Trial> {
    // What earlier attacks have left counts once, when all are over.
    const before = { ...quiet, rssBytes: Math.max(quiet.rssBytes, this.relay.rssBytes) };
    const attacking = attackFor(this.relay, attack.name, ms);
    const attacked = await observe(this.relay, this.#pair, attacking);
    const report = await attacking;
    const faults = judge(before, attacked, attack);
    if (report.complaint) faults.push(report.complaint);
    return { attack, quiet: before, attacked, report, faults };
  }

  /** Waits until memory has come back to what it was; `false` if it does not. */
  async recovers(quietBytes: number): Promise<boolean> {
    const deadline = Date.now() + recoveryMs;
    const isBack = (): boolean =>
      this.relay.isAlive && this.relay.rssBytes - quietBytes <= bounds.rssAfterBytes;
    // Somebody always comes, which has the process clean up.
    while (!isBack() && this.relay.isAlive && Date.now() < deadline)
      await Promise.all([visitTcp(this.relay.target), visitHttp3(this.relay.target), sleep(200)]);
    return isBack();
  }

  async close(): Promise<void> {
    await this.#pair.close();
    await this.relay.close();
  }
}
