import { placeLookMs } from "../../../defaults/index.ts";
import { systemInterfaces } from "../../../interface-addresses.ts";

/** Addresses of the system's interfaces, without and with their prefix lengths. */
export interface HostAddresses {
  readonly ips: readonly string[];
  readonly subnets: readonly string[];
}

/** The addresses of a host, for which the system is asked once a second at most, whatever other peers say. */
export class HostView {
  readonly #read: typeof systemInterfaces;
  #latest: HostAddresses = { ips: [], subnets: [] };
  #lookedAtMs = -Infinity;

  constructor(read: typeof systemInterfaces = systemInterfaces) {
    this.#read = read;
  }

  /** Returns the same lists for as long as they are the same, so that a thousand connections share them. */
  addresses(nowMs: number): HostAddresses {
    if (nowMs - this.#lookedAtMs < placeLookMs) return this.#latest;
    this.#lookedAtMs = nowMs;
    const all = Object.values(this.#read()).flatMap((some) => some ?? []);
    const ips = all.map(({ address }) => address);
    const subnets = all.flatMap(({ cidr }) => cidr ?? []);
    const { ips: formerIps, subnets: formerSubnets } = this.#latest;
    const isSame = ips.join() === formerIps.join() && subnets.join() === formerSubnets.join();
    if (!isSame) this.#latest = { ips, subnets };
    return this.#latest;
  }

  /** The network has changed: the next one who asks has it looked at again. */
  lookAgain(): void {
    this.#lookedAtMs = -Infinity;
  }
}

/** The one of this process. */
export const hostView: HostView = new HostView();
