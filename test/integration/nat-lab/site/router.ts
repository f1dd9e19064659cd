import { projectPath } from "../../harness/child.ts";
import type { Namespace } from "../../harness/network/namespaces.ts";
import type { Subnet } from "./subnets.ts";
import type { Rules } from "./rules.ts";

/** What a router is given. */
export interface RouterOptions {
  readonly rules: readonly Rules[];
  /** The IPv4 network towards the provider, if it has one. */
  readonly wan: Subnet | undefined;
  readonly mappingSeconds: number;
}

/** The router of a site. Its links are "wan", towards the provider, and "lan". */
export class Router {
  readonly namespace: Namespace;
  readonly #options: RouterOptions;
  /** Which of the two addresses that it may have there stands for all hosts behind it, if it is a NAT. */
  #number: 0 | 1 = 0;
  #generation = 0;

  constructor(namespace: Namespace, options: RouterOptions) {
    this.namespace = namespace;
    this.#options = options;
    // Of a mapping without an answer, and of one with.
    const timeout = "net.netfilter.nf_conntrack_udp_timeout";
    const { mappingSeconds } = options;
    namespace.run("sysctl", "-qw", `${timeout}=${mappingSeconds}`, `${timeout}_stream=${mappingSeconds}`);
    this.#applyRules();
  }

  /** The address of its NAT, if it has one of IPv4. */
  get wanAddress(): string {
    return this.#options.wan?.members[this.#number] ?? "";
  }

  /** Forgets every mapping, as a rebooted router does. */
  forget(): void {
    this.#generation += 1;
    this.#applyRules();
    this.namespace.run("python3", projectPath("test/integration/nat-lab/site/forget-connections.py"));
  }

  /** Gets its other IPv4 address, and forgets every mapping. */
  renumber(): void {
    const { members, bits, gateway } = this.#options.wan!;
    this.namespace.ip("address", "delete", `${members[this.#number]}/${bits}`, "dev", "wan");
    this.#number = this.#number === 0 ? 1 : 0;
    this.namespace.ip("address", "add", `${members[this.#number]}/${bits}`, "dev", "wan");
    this.namespace.ip("route", "replace", "default", "via", gateway);
    this.forget();
  }

  #applyRules(): void {
    const { rules, mappingSeconds } = this.#options;
    const facts = { address: this.wanAddress, generation: this.#generation, mappingSeconds };
    this.namespace.nft(["flush ruleset", ...rules.map((rule) => rule(facts))].join("\n"));
  }
}
