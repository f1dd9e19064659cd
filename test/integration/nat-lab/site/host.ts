import type { Namespace } from "../../harness/network/namespaces.ts";
import type { HostAddresses } from "../addresses.ts";

/** A host in a site, and its addresses. */
export class Host {
  readonly namespace: Namespace;
  readonly addresses: HostAddresses;
  /** Commands of `ip` that give it its addresses and routes. */
  readonly #lines: readonly string[];

  constructor(namespace: Namespace, addresses: HostAddresses, lines: readonly string[]) {
    this.namespace = namespace;
    this.addresses = addresses;
    this.#lines = lines;
    namespace.ipBatch(lines);
  }

  /** Takes its addresses away, of both IP versions unless given, and the routes with them: the network is gone. */
  unplug(version?: 4 | 6): void {
    for (const each of [4, 6])
      if (version === undefined || version === each)
        for (const object of ["address", "route"])
          this.namespace.ip(`-${each}`, object, "flush", "dev", "eth");
  }

  /** Gives it all addresses and routes again. */
  plugIn(): void {
    this.unplug();
    this.namespace.ipBatch(this.#lines);
  }
}
