import { QuicpipeError } from "../../errors.ts";
import { optionError } from "../../option-checks.ts";
import type { Peer } from "../../peer/index.ts";
import { decodeTicket } from "../../peer/ticket/index.ts";
import { isLoopbackHost } from "../../wire/address.ts";
import { requireNumber } from "../arguments.ts";
import { formatDuration, printable } from "../terminal-text.ts";

/** Options of commands that make a ticket. */
export const ticketArgs = {
  uses: {
    type: "string",
    description: "How often the ticket may be dialed, 1 to 16 (default: 1)",
    valueHint: "n",
  },
  ttl: {
    type: "string",
    description: "Seconds in which the ticket may be dialed, 10 to 86400 (default: 600)",
    valueHint: "seconds",
  },
} as const;

/** What a ticket is good for. */
export interface TicketTerms {
  readonly connections: number;
  readonly ttlMs: number;
}

/**
 * Returns the terms of the ticket that a command makes where it is not told whom to trust; `undefined` if it is.
 *
 * @throws ERR_QUICPIPE_OPTION_INVALID
 */
export function requireTicketTerms(args: {
  readonly pin?: string | undefined;
  readonly insecure?: boolean | undefined;
  readonly uses?: string | undefined;
  readonly ttl?: string | undefined;
}): TicketTerms | undefined {
  const { uses, ttl } = args;
  const connections = requireNumber("--uses", uses ?? "1", { min: 1, max: 16 });
  const ttlMs = requireNumber("--ttl", ttl ?? "600", { min: 10, max: 86_400, unit: "seconds" }) * 1000;
  if (args.pin === undefined && !args.insecure) return { connections, ttlMs };
  const flag = (["uses", "ttl"] as const).find((name) => args[name] !== undefined);
  if (flag === undefined) return undefined;
  throw optionError(
    `--${flag}`,
    `--${flag} is for a ticket, and --pin or --insecure make none: leave out one of them`,
  );
}

/** A ticket on offer, and others after it if the offer is renewed. The caller closes it. */
export class TicketOffer {
  readonly #peer: Peer;
  readonly #terms: TicketTerms;
  readonly #isRenewed: boolean;
  readonly #onExpired: () => void;
  #left = 0;
  #timer: NodeJS.Timeout | undefined;
  #isRenewing = false;
  #isClosed = false;
  #fault = "";

  /**
   * @param isRenewed whether another ticket follows one that is used up or has expired.
   * @param onExpired called when a ticket has expired and none follows.
   */
  constructor(peer: Peer, terms: TicketTerms, isRenewed: boolean, onExpired: () => void) {
    this.#peer = peer;
    this.#terms = terms;
    this.#isRenewed = isRenewed;
    this.#onExpired = onExpired;
  }

  /** Makes a ticket and shows it. */
  async open(): Promise<void> {
    const { connections, ttlMs } = this.#terms;
    const { ticket } = await this.#peer.invite(this.#terms);
    if (this.#isClosed) return;
    clearTimeout(this.#timer);
    this.#left = connections;
    this.#timer = setTimeout(() => this.#expire(), ttlMs);
    const often = connections === 1 ? "once" : `up to ${connections} times`;
    this.#warn(ticket);
    process.stderr.write(
      `quicpipe: the other side types this, ${often} within ${formatDuration(ttlMs)}:\nquicpipe dial ${ticket}\n`,
    );
  }

  /** Says so if a ticket works on this machine alone. */
  #warn(ticket: string): void {
    const { hostname } = new URL(decodeTicket(ticket).relay);
    if (isLoopbackHost(hostname))
      process.stderr.write(
        `quicpipe: the relay in the ticket is ${hostname}, which is this machine: for others give --relay the relay's address, or give the relay --public-address\n`,
      );
  }

  /** Notes that somebody has come by the ticket. */
  use(): void {
    if (--this.#left === 0 && this.#isRenewed) this.#renew();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  #expire(): void {
    if (this.#isRenewed) this.#renew();
    else this.#onExpired();
  }

  /** Of no effect while it is under way: the former ticket may be used up, and expire as well. */
  #renew(): void {
    if (this.#isRenewing) return;
    this.#isRenewing = true;
    clearTimeout(this.#timer);
    this.open()
      .then(
        () => (this.#fault = ""),
        (error: unknown) => this.#tryAgain(error),
      )
      .finally(() => (this.#isRenewing = false));
  }

  /** Says why there is no new ticket, but not the same twice in a row. */
  #tryAgain(error: unknown): void {
    if (this.#isClosed) return;
    const why = error instanceof Error ? error.message : String(error);
    if (why !== this.#fault) process.stderr.write(`quicpipe: no new ticket yet: ${printable(why)}\n`);
    this.#fault = why;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#renew(), retryMs);
  }
}

/** Time until another ticket is asked for where the relay has refused one or is down, in ms. */
const retryMs = 5000;

/** Returns the error for a ticket that nobody has dialed. */
export function undialed({ ttlMs }: TicketTerms): QuicpipeError {
  return new QuicpipeError(
    "ERR_QUICPIPE_TOKEN_EXPIRED",
    `nobody has dialed the ticket within ${formatDuration(ttlMs)}; --ttl makes one that lasts longer`,
  );
}
