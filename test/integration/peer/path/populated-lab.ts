import { inTurns } from "./in-turns.ts";
import type { Place } from "../../nat-lab/addresses.ts";
import type { Pair } from "../../nat-lab/pair.ts";
import { kinds } from "../../nat-lab/site/rules.ts";
import { WideLab, type WideLabOptions } from "../../nat-lab/wide-lab.ts";
import type { Pace } from "../programs/exchange.ts";
import type { LabPeer } from "./lab-peer.ts";
import { LabRelay } from "./lab-peers.ts";
import type { EndOptions, PeerProgram } from "./peer-program.ts";

/** Two connected peers, and what can happen between them. */
export interface Connected {
  readonly pair: Pair;
  readonly alice: LabPeer;
  readonly bob: LabPeer;
}

/** A laboratory of many sites, with a relay's program, and one for peers at each host. */
export class PopulatedLab implements AsyncDisposable {
  readonly #lab: WideLab;
  readonly #programs: ReadonlyMap<string, PeerProgram>;
  #connected = 0;

  private constructor(lab: WideLab, programs: ReadonlyMap<string, PeerProgram>) {
    this.#lab = lab;
    this.#programs = programs;
  }

  static async open(options: WideLabOptions): Promise<PopulatedLab> {
    const lab = new WideLab(options);
    const relay = await LabRelay.start(lab.relay);
    const start = async ([place, site]: readonly [Place, string]): Promise<
      readonly [string, PeerProgram]
    > => {
      const family = versionOf(options, place, site) === 6 ? "ipv6" : "ipv4";
      return [`${place} ${site}`, await relay.startPeers(lab.host(place, site), place, family)];
    };
    // The first one leaves what it has compiled to the others.
    const [first, ...others] = lab.hosts;
    return new PopulatedLab(lab, new Map([await start(first!), ...(await inTurns(others, 4, start))]));
  }

  /** Connects peers in two sites, each with a socket of its own. */
  async connect(alice: string, bob: string, pace: Pace, options: EndOptions = {}): Promise<Connected> {
    const name = `${alice} | ${bob}, ${(this.#connected += 1)}`;
    const names = { alice: `alice in ${name}`, bob: `bob in ${name}` };
    const far = await this.#program("bob", bob).accept(names.bob, options);
    const near = await this.#program("alice", alice).dial(names.alice, names.bob, pace, options);
    return { pair: this.#lab.pair(alice, bob), alice: near, bob: far };
  }

  #program(place: Place, site: string): PeerProgram {
    return this.#programs.get(`${place} ${site}`)!;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#lab[Symbol.asyncDispose]();
  }
}

/** The IP version by which the peers of a site reach the relay. */
function versionOf(options: WideLabOptions, place: Place, site: string): 4 | 6 {
  const [kind] = [options[place]?.[site] ?? options.together![site]!].flat();
  return kinds[kind!].version;
}
