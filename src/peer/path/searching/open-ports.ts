import { isIPv4 } from "node:net";
import { leastSearchSockets, searchOpenMs, searchSockets } from "../../../defaults/index.ts";
import type { Address } from "../../../wire/address.ts";
import type { DirectWay } from "../../socket.ts";
import { ManySockets } from "../../udp/many-sockets.ts";
import type { BirthdayParts } from "./birthday-parts.ts";
import { takeSteps } from "./pace.ts";
import { Trials } from "./trials.ts";

/** What becomes of {@link OpenPorts}. */
export interface PortsOwner {
  /** They are open. */
  onOpen(): void;
  /** They are too few, or have been open for too long. */
  onOver(): void;
}

/** The part of the side whose NAT chooses ports at random: 256 of them that lead to it, until one has an answer. */
export class OpenPorts {
  readonly #trials: Trials;
  readonly #sockets: ManySockets;
  readonly #stop: () => void;
  readonly #timer: NodeJS.Timeout;

  constructor({ limit, socket, checks, owner, isTarget }: BirthdayParts, to: Address, ports: PortsOwner) {
    const { address } = socket.local;
    this.#trials = new Trials({ socket, checks, owner, to });
    this.#sockets = new ManySockets({
      host: isIPv4(address) ? address : "0.0.0.0",
      to,
      isCheck: (datagram) => checks.isCheckOf(owner, datagram),
      onCheck: (localPort, datagram) => this.#trials.add(localPort, datagram),
    });
    const step = (): boolean => {
      if (!isTarget(to)) return true;
      if (!limit.take(1, performance.now())) return false;
      this.#sockets.open(checks.make(owner));
      return true;
    };
    this.#stop = takeSteps(searchSockets, step, () => {
      if (this.#sockets.size < leastSearchSockets) ports.onOver();
      else ports.onOpen();
    });
    this.#timer = setTimeout(() => ports.onOver(), searchOpenMs);
    this.#timer.unref();
  }

  /** Ends it, and returns the port that is tried as the one that was found, if there is any. */
  keep(): DirectWay | undefined {
    const way = this.#trials.keep();
    this.close();
    return way;
  }

  /** Gives all of them back. Idempotent. */
  close(): void {
    this.#stop();
    clearTimeout(this.#timer);
    this.#sockets.close();
    this.#trials.end();
  }
}
