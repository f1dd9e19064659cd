import { type Address, formatAddress } from "../../wire/address.ts";
import type { Standing } from "./keeping/watch.ts";
import type { ConnectionPathEvent } from "./path-feed.ts";
import type { RelayReason } from "./policy.ts";

/** What becomes of a connection's paths, each told once. */
export class News {
  readonly #tell: (event: ConnectionPathEvent) => void;
  #reason: RelayReason | undefined;
  /** The last reason that was told. */
  #refused: RelayReason | undefined;
  #lastStanding: Standing | undefined;

  constructor(tell: (event: ConnectionPathEvent) => void) {
    this.#tell = tell;
  }

  /** Why packets take the relay; `undefined` since a direct path was selected, and before anything is known. */
  get reason(): RelayReason | undefined {
    return this.#reason;
  }

  opened(remote: Address): void {
    this.#tell({ kind: "opened", remote: formatAddress(remote) });
  }

  selected(remote: Address, rttMs: number): void {
    this.#reason = this.#refused = this.#lastStanding = undefined;
    this.#tell({ kind: "selected", remote: formatAddress(remote), rttMs });
  }

  stands(standing: Standing, address: Address, rttMs: number): void {
    const remote = formatAddress(address);
    // What is parked is neither better nor worse.
    const isBack = standing === "trusted" && this.#lastStanding === "suspect";
    if (standing === "suspect") this.#tell({ kind: standing, remote });
    else if (isBack) this.#tell({ kind: "selected", remote, rttMs });
    this.#lastStanding = standing;
  }

  left(reason: RelayReason, remote: Address): void {
    this.#reason = reason;
    this.#refused = this.#lastStanding = undefined;
    this.#tell({ kind: "lost", remote: formatAddress(remote), reason });
  }

  refused(reason: RelayReason): void {
    if (this.#refused === reason) return;
    this.#refused = this.#reason = reason;
    this.#tell({ kind: "refused", reason });
  }
}
