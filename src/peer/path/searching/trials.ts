import { maxSearchTrials, searchAnswerMs } from "../../../defaults/index.ts";
import type { Address } from "../../../wire/address.ts";
import type { DirectWay, PeerSocket } from "../../socket.ts";
import type { CheckOwner, PathChecks } from "../seeking/checks.ts";

/** The parts of {@link Trials}. */
export interface TrialParts {
  readonly socket: Pick<PeerSocket, "allowDirectFrom">;
  readonly checks: Pick<PathChecks, "receive" | "send">;
  readonly owner: CheckOwner;
  /** The other side's address. */
  readonly to: Address;
}

/** A check that has come, and the local port that it came to. */
interface Arrival {
  readonly localPort: number;
  readonly check: Buffer;
}

/**
 * Tries the local ports to which a check has come, one after the other: who sees packets can send a check on to any of them, so that only an
 * answer shows that one leads to the other side.
 */
export class Trials {
  readonly #parts: TrialParts;
  #waiting: Arrival[] = [];
  #way: DirectWay | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: TrialParts) {
    this.#parts = parts;
  }

  /** Tries a port, once those before it have had a second each. Of more than 16 the rest is left out. */
  add(localPort: number, check: Buffer): void {
    if (this.#waiting.length >= maxSearchTrials) return;
    this.#waiting.push({ localPort, check });
    if (!this.#way) this.#next();
  }

  /** Ends it, and returns the port that is tried as the one that leads there. */
  keep(): DirectWay | undefined {
    const way = this.#way;
    this.#way = undefined;
    this.end();
    return way;
  }

  /** Gives back the port that is tried, and tries no more. Idempotent. */
  end(): void {
    clearTimeout(this.#timer);
    this.#waiting = [];
    this.#way?.close();
    this.#way = undefined;
  }

  #next(): void {
    const { socket, owner, to } = this.#parts;
    this.#way?.close();
    this.#way = undefined;
    let next: Arrival | undefined;
    while (!this.#way && (next = this.#waiting.shift()))
      this.#way = socket.allowDirectFrom(next.localPort, to, owner);
    if (this.#way) this.#ask(next!.check);
  }

  /** Answers the check, by the port that is tried, and asks for an answer. */
  #ask(check: Buffer): void {
    const { checks, owner, to } = this.#parts;
    this.#timer = setTimeout(() => this.#next(), searchAnswerMs);
    this.#timer.unref();
    checks.receive(check, to);
    checks.send(owner, to, false, performance.now());
  }
}
