import { setTimeout as sleep } from "node:timers/promises";
import { Cast } from "./cast.ts";
import type { Flood } from "./floods.ts";
import type { HonestFigures } from "./honest-figures.ts";
import { HostilePeer, type Tally } from "./hostile-peer.ts";
import type { PeerProcess } from "./peer-process.ts";

/** What was seen of an accepter over some time. */
export interface Sight {
  readonly isAlive: boolean;
  /** Growth of its memory: the maximum, and what it keeps once trimmed, with the hostile connection still there. In bytes. */
  readonly peakBytes: number;
  readonly keptBytes: number;
  /** Share of a core that it took, and that the hostile peer took. */
  readonly cores: number;
  readonly hostileCores: number;
  /** Faults of its engine since it started. */
  readonly faults: number;
  readonly honest: HonestFigures;
  /** `undefined` without a flood. */
  readonly tally: Tally | undefined;
}

const sampleMs = 50;
/** Time for the accepter to notice that a hostile peer has left, in ms. */
const farewellMs = 500;

/** An accepter in use by an honest dialer over a relay, each in a process of its own. The caller disposes of it. */
export class AttackedAccepter implements AsyncDisposable {
  readonly #cast: Cast;
  #hostilePeers = 0;

  private constructor(cast: Cast) {
    this.#cast = cast;
  }

  static async open(backend: string): Promise<AttackedAccepter> {
    return new AttackedAccepter(await Cast.open(backend));
  }

  /** Looks at the accepter without a flood. */
  calm(ms: number): Promise<Sight> {
    return this.#look(ms, () => Promise.resolve(undefined));
  }

  /** Floods the accepter, for `ms` from the first packet on. */
  async try(flood: Flood, ms: number): Promise<Sight> {
    const { relay, identityFiles } = this.#cast;
    const subject = `mallory-${++this.#hostilePeers}`;
    return await this.#look(ms, async () => {
      const hostile = await HostilePeer.start(relay.target, subject, flood, identityFiles[flood.judgement]);
      await hostile.begins();
      return hostile;
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#cast[Symbol.asyncDispose]();
  }

  async #look(ms: number, attack: () => Promise<HostilePeer | undefined>): Promise<Sight> {
    const { relay, accepter, dialer } = this.#cast;
    const trimmedBytes = await accepter.ask<number>("trim");
    using peak = new Peak(accepter);
    await dialer.ask("begin");
    const hostile = await attack();
    const [cores, hostileCores] = await coresOf([accepter, hostile], ms);
    const honest = await dialer.ask<HonestFigures>("end");
    const tally = await hostile?.stops();
    const keptBytes = (await accepter.ask<number>("trim")) - trimmedBytes;
    const faults = await accepter.ask<number>("faults");
    await hostile?.leaves();
    await sleep(farewellMs);
    const isAlive = accepter.isAlive && relay.isAlive;
    return {
      isAlive,
      peakBytes: peak.growthBytes,
      keptBytes,
      cores: cores!,
      hostileCores: hostileCores!,
      faults,
      honest,
      tally,
    };
  }
}

/** Returns the share of a core that processes take over some time. */
async function coresOf(
  processes: readonly ({ readonly cpuNs: number } | undefined)[],
  ms: number,
): Promise<number[]> {
  const before = processes.map((process) => process?.cpuNs ?? 0);
  const startMs = performance.now();
  await sleep(ms);
  const elapsedNs = (performance.now() - startMs) * 1e6;
  return processes.map((process, i) => ((process?.cpuNs ?? 0) - before[i]!) / elapsedNs);
}

/** The most memory of a process, sampled. */
class Peak implements Disposable {
  readonly #timer: NodeJS.Timeout;
  readonly #firstBytes: number;
  #bytes = 0;

  constructor(process: PeerProcess) {
    this.#firstBytes = process.rssBytes;
    this.#timer = setInterval(() => (this.#bytes = Math.max(this.#bytes, process.rssBytes)), sampleMs);
  }

  get growthBytes(): number {
    return this.#bytes - this.#firstBytes;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
