import type { Child } from "../machine/child.ts";
import { compileWire } from "../native/program.ts";
import { Machine } from "./machine.ts";

/** Both peers. */
export type Place = "alice" | "bob";

/** A direction straight between the peers. */
export type DirectWay = "alice-bob" | "bob-alice";

export const directWays: readonly DirectWay[] = ["alice-bob", "bob-alice"];
const relayWays = ["alice-relay", "relay-alice", "bob-relay", "relay-bob"] as const;

/** Cables that delay packets and can be cut, as a program in a machine between their ends carries them. */
export class Wire implements AsyncDisposable {
  readonly #machine: Machine = new Machine("wire");
  readonly #cables: string[] = [];
  #program: Child | undefined;

  /** Lays a cable. `name` is "alice-bob" or the like; the other direction has the words in the other order. */
  cable(name: string, one: Machine, card: string, other: Machine, otherCard: string): void {
    const ends = [
      [one, card, name],
      [other, otherCard, name.split("-").toReversed().join("-")],
    ] as const;
    for (const [machine, own, far] of ends) {
      machine.cable(own, this.#machine, far);
      // Packets come to the program as on a real cable: cut up, and with their checksums.
      machine.run("ethtool", "-K", own, "tx", "off");
    }
    this.#cables.push(name);
  }

  /** Begins to carry, once all cables are laid. */
  async start(): Promise<void> {
    this.#program = this.#machine.start([compileWire(), ...this.#cables]);
    await this.#program.hear();
  }

  /** Sets round trips: straight between the peers, and by the relay, which is half way. */
  async setRoundTrips(ms: number): Promise<void> {
    for (const way of directWays) await this.#ask("delay", way, (ms / 2) * 1000);
    for (const way of relayWays) await this.#ask("delay", way, (ms / 4) * 1000);
  }

  /** Drops what goes straight between the peers from now on. */
  async cut(ways: readonly DirectWay[]): Promise<void> {
    for (const way of ways) await this.#ask("cut", way);
  }

  async heal(): Promise<void> {
    for (const way of directWays) await this.#ask("heal", way);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#machine[Symbol.asyncDispose]();
  }

  async #ask(...words: readonly (string | number)[]): Promise<void> {
    await this.#program!.ask(words.join(" "));
  }
}
