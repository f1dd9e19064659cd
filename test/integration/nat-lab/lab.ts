import type { Namespace } from "../harness/network/namespaces.ts";
import { createInternet } from "./internet.ts";
import { machinesOf, Pair } from "./pair.ts";
import { createHome, createSharedHome, type Homes, type Kinds } from "./site/homes.ts";
import type { Ways } from "./wire/ways.ts";
import { Wire, type Conditions, type WireOptions } from "./wire/wire.ts";

/** How long a NAT keeps a mapping that nothing uses, in seconds, unless given. */
export const usualMappingSeconds = 30;

/** Each peer in a site of its own, or both in one network behind one router. */
export type LabOptions = ({ readonly alice: Kinds; readonly bob: Kinds } | { readonly together: Kinds }) & {
  /** How long a NAT keeps a mapping that nothing uses, in seconds; 30 unless given. */
  readonly mappingSeconds?: number;
  /**
   * Puts cables into the internet that can delay and lose packets. A program carries these, about 20 000 a second;
   * without one the kernel does.
   */
  readonly wire?: WireOptions;
};

/** Two peers' hosts and a relay in an internet of their own. It is removed when it is disposed of, or with the test. */
export class Lab extends Pair implements AsyncDisposable {
  readonly relay: Namespace;
  readonly #wire: Wire | undefined;
  readonly #machines: readonly Namespace[];

  /** Use {@link createLab}. */
  constructor(homes: Homes, relay: Namespace, machines: readonly Namespace[], wire: Wire | undefined) {
    super(homes);
    this.relay = relay;
    this.#wire = wire;
    this.#machines = [...new Set([...machinesOf(Object.values(homes)), ...machines, relay])];
  }

  /** Changes what one way does to packets, or all that are direct or lead to and from the relay; needs the wire. */
  async impair(ways: Ways, conditions: Conditions): Promise<void> {
    if (!this.#wire) throw new Error("this laboratory has no wire: create it with the option `wire`");
    await this.#wire.impair(ways, conditions);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const machine of this.#machines) machine.remove();
  }
}

export async function createLab({
  mappingSeconds = usualMappingSeconds,
  ...options
}: LabOptions): Promise<Lab> {
  const wire = options.wire && new Wire();
  const internet = createInternet(wire);
  const homes =
    "together" in options
      ? createSharedHome(internet, options.together, 0, mappingSeconds)
      : {
          alice: createHome(internet, "alice", options.alice, 0, mappingSeconds),
          bob: createHome(internet, "bob", options.bob, 0, mappingSeconds),
        };
  await wire?.start(options.wire);
  const machines = [...Object.values(internet.providers), ...(wire ? [wire.namespace] : [])];
  return new Lab(homes, internet.relay, machines, wire);
}
