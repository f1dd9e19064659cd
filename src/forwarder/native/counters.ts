import { readCounters, readFirst, readTotals, sampleCounters } from "../../xdp/index.ts";
import type { DropReason, Path, SessionCounters, SessionId, StunOutcome, Traffic } from "../contract.ts";
import type { Counters } from "../counters.ts";
import type { Addon, NativeHandle } from "./addon.ts";

/** Reads the counters that the addon's threads and the program in the kernel write. */
export class NativeCounters {
  readonly #indexOf: ReadonlyMap<string, number>;
  /** Read once, like the others, because the handle makes new arrays each time. */
  readonly #threads: readonly BigUint64Array[];
  readonly #states: BigUint64Array;
  /** Empty if the kernel does not forward. */
  readonly #kernel: BigUint64Array;
  readonly #epochMs: number;

  /** @param epochMs time in ms since the epoch at which the threads' clock was 0. */
  constructor({ counterNames }: Addon, handle: NativeHandle, hasKernel: boolean, epochMs: number) {
    this.#epochMs = epochMs;
    this.#states = handle.states;
    this.#threads = handle.counters;
    this.#kernel = hasKernel ? handle.totals : new BigUint64Array();
    this.#indexOf = new Map(counterNames.map((name, index) => [name, index]));
  }

  /** Returns the threads' total under a name; 0 if they never count it. */
  total(name: string): number {
    const index = this.#indexOf.get(name);
    if (index === undefined) return 0;
    return this.#threads.reduce((sum, thread) => sum + Number(thread[index]), 0);
  }

  /** Returns the relayed traffic, in all and by forwarding path. */
  traffic(): { readonly relayed: Traffic; readonly path: Readonly<Record<Path, Traffic>> } {
    const { packets, bytes } = readTotals(this.#kernel);
    const user = { packets: this.total("relayed.packets"), bytes: this.total("relayed.bytes") };
    const relayed = { packets: user.packets + packets, bytes: user.bytes + bytes };
    return { relayed, path: { kernel: { packets, bytes }, user } };
  }

  /** Returns the drops of the threads, the kernel and JavaScript. */
  dropped(own: Counters["dropped"]): Record<DropReason, number> {
    const all = { ...own };
    for (const reason of Object.keys(all) as DropReason[]) all[reason] += this.total(`dropped.${reason}`);
    const kernel = readTotals(this.#kernel);
    for (const reason of kernelReasons) all[reason] += kernel[reason];
    return all;
  }

  /** Returns the outcomes of STUN messages: those that the threads refused, and those that JavaScript handled. */
  stun(own: Counters["stun"]): Record<StunOutcome, number> {
    const all = { ...own };
    for (const outcome of Object.keys(all) as StunOutcome[]) all[outcome] += this.total(`stun.${outcome}`);
    return all;
  }

  /** Returns a snapshot of a session's counters. */
  ofSession(id: SessionId): SessionCounters {
    const firstAtNs = readFirst(this.#states, id);
    return {
      ...readCounters(this.#states, id),
      firstForwardedAtMs: firstAtNs === 0n ? null : this.#epochMs + Number(firstAtNs) / 1e6,
    };
  }

  /** Reads the traffic of many sessions, as {@link Forwarder.sampleSessions} does. */
  sample(ids: Uint32Array, into: Float64Array): void {
    sampleCounters(this.#states, ids, into);
  }
}

const kernelReasons = ["session-expired", "source-unregistered", "rate-limited"] as const;
