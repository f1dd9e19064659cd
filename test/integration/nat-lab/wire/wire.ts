import { once } from "node:events";
import { projectPath, type Child } from "../../harness/child.ts";
import { Namespace } from "../../harness/network/namespaces.ts";
import type { Place } from "../addresses.ts";
import { eachWay, type Ways } from "./ways.ts";

/** What a cable ends at. */
export type End = Place | "relay";

/** What a way does to packets; nothing unless given. */
export interface Conditions {
  readonly delayMs?: number;
  /** The share of UDP packets that is lost, 0 to 1. */
  readonly loss?: number;
  /** How many are lost in a row on average; each by itself unless given. A burst passes with time too. */
  readonly burst?: number;
}

/** What the cables do at first: between both sites, and between each of them and the relay. */
export interface WireOptions {
  readonly direct?: Conditions;
  readonly relay?: Conditions;
}

/** Cables that delay and lose packets, as a program in a namespace between their ends carries them. */
export class Wire {
  readonly namespace: Namespace;
  readonly #cables: string[] = [];
  #program: Child | undefined;

  constructor() {
    this.namespace = new Namespace("wire");
    // Its own system says nothing on the cables.
    this.namespace.run("sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1");
  }

  /** Lays a cable. */
  cable(end: End, at: Namespace, link: string, otherEnd: End, other: Namespace, otherLink: string): void {
    this.#attach(at, link, `${end}-${otherEnd}`);
    this.#attach(other, otherLink, `${otherEnd}-${end}`);
    this.#cables.push(`${end}-${otherEnd}`);
  }

  #attach(machine: Namespace, link: string, own: string): void {
    machine.cable(link, this.namespace, own);
    // Packets come to the program as on a real cable: cut up, and with their checksums.
    machine.run("ethtool", "-K", link, "tx", "off");
  }

  /** Begins to carry, once all cables are laid. */
  async start({ direct = {}, relay = {} }: WireOptions = {}): Promise<void> {
    const program = projectPath("test/integration/nat-lab/wire/wire.py");
    this.#program = this.namespace.start("python3", [program, ...this.#cables]);
    await this.#program.prints(/carrying/);
    await this.impair("direct", direct);
    await this.impair("relay", relay);
  }

  /** Sets what happens to packets that come from now on. */
  async impair(ways: Ways, conditions: Conditions): Promise<void> {
    for (const way of eachWay(ways)) await this.#command({ way: way.replace("-to-", "-"), ...conditions });
  }

  async #command(fields: object): Promise<void> {
    const { stdin, stdout } = this.#program!.process;
    const answer = once(stdout, "data");
    stdin.write(`${JSON.stringify(fields)}\n`);
    await answer;
  }
}
