import { setTimeout as sleep } from "node:timers/promises";
import type { Target } from "../attack.ts";
import { Registrant } from "./registrant.ts";

/** Counters of a {@link Pair}. */
export interface PairCounts {
  readonly sent: number;
  readonly received: number;
  /** Renewals by STUN and refreshes over HTTP. */
  readonly renewals: number;
  readonly renewalsFailed: number;
  /** Messages left for a recipient that others crowd, and taken back. */
  readonly messages: number;
  readonly messagesFailed: number;
}

type Counts = { -readonly [name in keyof PairCounts]: number };

const payload: Buffer = Buffer.alloc(1000);
/** Pause between two packets each way, in ms: some 200 a second, far below any socket buffer. */
const pauseMs = 5;
const renewalMs = 1000;
const messageMs = 500;
const recipient = "bob";

/** Two peers that send to each other over the relay all the time and keep their registrations alive. */
export class Pair {
  readonly #counts: Counts;
  readonly #stop = new AbortController();
  readonly #peers: readonly [Registrant, Registrant];
  readonly #running: Promise<unknown>;

  private constructor(peers: [Registrant, Registrant], counts: Counts) {
    this.#peers = peers;
    this.#counts = counts;
    this.#running = Promise.all([
      this.#send(),
      ...peers.map((peer) => this.#renew(peer)),
      this.#write(peers[0]),
    ]);
  }

  /** @param number 0 to 7. Each pair has its own names, and addresses in a network of its own. */
  static async open(target: Target, number = 0): Promise<Pair> {
    const counts: Counts = {
      sent: 0,
      received: 0,
      renewals: 0,
      renewalsFailed: 0,
      messages: 0,
      messagesFailed: 0,
    };
    const onPacket = (): void => void counts.received++;
    const a = await Registrant.open(target, `honest-a${number}`, `127.0.${number}.78`, onPacket);
    const b = await Registrant.open(target, `honest-b${number}`, `127.0.${number}.79`, onPacket);
    for (const peer of [a, b])
      if (!((await peer.register()) && (await peer.renew())))
        throw new Error("the honest pair could not register");
    return new Pair([a, b], counts);
  }

  get counts(): PairCounts {
    return { ...this.#counts };
  }

  /** Stops sending and waits for outstanding work. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    await sleep(200);
    for (const peer of this.#peers) peer.close();
  }

  async #send(): Promise<void> {
    const [a, b] = this.#peers;
    while (!this.#stop.signal.aborted) {
      a.sendTo(b, payload);
      b.sendTo(a, payload);
      this.#counts.sent += 2;
      await sleep(pauseMs);
    }
  }

  async #renew(peer: Registrant): Promise<void> {
    for (let i = 0; !this.#stop.signal.aborted; i++) {
      const isGranted = await (i % 4 === 3 ? peer.register() : peer.renew());
      this.#counts.renewals++;
      if (!isGranted) this.#counts.renewalsFailed++;
      await sleep(renewalMs, undefined, { signal: this.#stop.signal }).catch(() => undefined);
    }
  }

  async #write(peer: Registrant): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const isTaken = await peer.leaveMessage(recipient);
      this.#counts.messages++;
      if (!isTaken) this.#counts.messagesFailed++;
      await sleep(messageMs, undefined, { signal: this.#stop.signal }).catch(() => undefined);
    }
  }
}
