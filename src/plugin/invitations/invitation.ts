import { QuicpipeError } from "../../errors.ts";
import { ownText } from "../../own-memory.ts";
import { type InvitationView, scopes } from "../../protocol.ts";
import { timestamp } from "../../steady-clock.ts";
import type { Identity } from "../auth/identity.ts";
import type { Mailbox, Message } from "../mailbox/mailbox.ts";

/** What an inviter asks for. */
export interface InvitationSpec {
  readonly recipient: string;
  readonly connections: number;
  readonly ttlMs: number;
}

/** The mailbox as the sender of messages sees it. */
type Outbox = Pick<Mailbox, "status" | "recall">;

/** An invitation: whoever holds it may make some connections with one recipient, on the account of the inviter. */
export class Invitation {
  readonly id: string;
  readonly account: string;
  /** The holder, as the relay and the recipient know it. */
  readonly identity: Identity;
  readonly recipient: string;
  readonly connections: number;
  /** ms since the epoch, by the steady clock. It never changes, though {@link Expiring} would let it. */
  expiresAtMs: number;
  slot = 0;
  readonly #now: () => number;
  /** IDs of the holder's registrations. */
  readonly #live = new Set<string>();
  /** IDs of those among them whose message the recipient took. */
  readonly #inUse = new Set<string>();
  /** IDs of messages that may wait. */
  #sent: string[] = [];
  /** Ends with the latest send. Each begins when the one before has ended: room for both would be counted twice. */
  #turn: Promise<unknown> = Promise.resolve();
  #used = 0;
  #isRevoked = false;

  constructor(id: string, inviter: Identity, spec: InvitationSpec, now: () => number) {
    const { account, quota, limited } = inviter;
    this.id = id;
    this.account = ownText(account);
    this.recipient = ownText(spec.recipient);
    this.connections = spec.connections;
    this.expiresAtMs = now() + spec.ttlMs;
    this.#now = now;
    this.identity = {
      subject: holderName(inviter.subject, id),
      scopes: holderScopes,
      quota,
      peers: new Set([this.recipient]),
      limited,
      account: this.account,
      expiresAtMs: this.expiresAtMs,
      invitation: id,
    };
  }

  /** IDs of the holder's registrations. */
  get registrations(): ReadonlySet<string> {
    return this.#live;
  }

  /** Whether it has expired, and nothing is left of it. */
  get isOver(): boolean {
    return this.#now() >= this.expiresAtMs && this.#live.size === 0;
  }

  view(): InvitationView {
    const { id, recipient, connections, identity } = this;
    const expiresAt = timestamp(this.expiresAtMs);
    return { id, sender: identity.subject, recipient, connections, used: this.#used, expiresAt };
  }

  /**
   * Makes room for a new registration: a new try takes the place of one whose message nobody has taken.
   *
   * @param end ends a registration.
   * @throws ERR_QUICPIPE_INVITATION_USED, ERR_QUICPIPE_INVITATION_ENDED, ERR_QUICPIPE_TOKEN_EXPIRED
   */
  admitRegistration(end: (id: string) => void): void {
    this.#requireOpen();
    if (this.#live.size < this.connections) return;
    const former = [...this.#live].find((id) => !this.#inUse.has(id));
    if (former === undefined) throw used(this);
    end(former);
  }

  registrationOpened(id: string): void {
    this.#live.add(id);
  }

  registrationEnded(id: string): void {
    this.#live.delete(id);
    this.#inUse.delete(id);
  }

  /**
   * Sends a message, in place of one that nobody has taken if there are too many.
   *
   * @param leave leaves the message in the mailbox for so long, in ms.
   * @throws as {@link admitRegistration}, and errors of `leave`
   */
  async send(outbox: Outbox, ttlMs: number, leave: (ttlMs: number) => Promise<Message>): Promise<Message> {
    const sent = this.#turn.then(() => this.#sendInTurn(outbox, ttlMs, leave));
    this.#turn = sent.catch(() => undefined);
    return await sent;
  }

  /**
   * Counts a message that its recipient took.
   *
   * @param registration that it was sent from.
   * @throws ERR_QUICPIPE_MESSAGE_NOT_FOUND if it is one more than the invitation is good for.
   */
  use(registration: string | undefined): void {
    if (this.#isRevoked || this.#used >= this.connections)
      throw new QuicpipeError("ERR_QUICPIPE_MESSAGE_NOT_FOUND", "the sender's invitation is used up");
    this.#used++;
    if (registration !== undefined) this.#inUse.add(registration);
  }

  /** Ends it. Its registrations and messages are the caller's to end. */
  revoke(): void {
    this.#isRevoked = true;
  }

  /** Takes back the messages that wait. */
  async recallAll(outbox: Outbox): Promise<void> {
    await Promise.all(this.#sent.map((id) => this.#recall(outbox, id)));
    this.#sent = [];
  }

  async #sendInTurn(
    outbox: Outbox,
    ttlMs: number,
    leave: (ttlMs: number) => Promise<Message>,
  ): Promise<Message> {
    this.#requireOpen();
    await this.#makeRoom(outbox);
    const message = await leave(Math.min(ttlMs, Math.max(1, this.expiresAtMs - this.#now())));
    this.#sent.push(message.id);
    if (this.#isRevoked) await this.recallAll(outbox);
    this.#requireOpen();
    return message;
  }

  /** Recalls the oldest that wait until there is room for one more. */
  async #makeRoom(outbox: Outbox): Promise<void> {
    const states = await Promise.all(this.#sent.map((id) => this.#isWaiting(outbox, id)));
    this.#sent = this.#sent.filter((_, index) => states[index] !== false);
    while (this.#used + this.#sent.length >= this.connections) {
      const former = this.#sent.shift();
      if (former === undefined) throw used(this);
      await this.#recall(outbox, former);
    }
  }

  async #isWaiting(outbox: Outbox, id: string): Promise<boolean> {
    const message = await outbox.status(this.identity.subject, id).catch(() => undefined);
    return message?.state === "queued";
  }

  /** One that is taken or gone stays so. */
  async #recall(outbox: Outbox, id: string): Promise<void> {
    await outbox.recall(this.identity.subject, id).catch(() => undefined);
  }

  #requireOpen(): void {
    if (this.#isRevoked) throw ended();
    if (this.#now() >= this.expiresAtMs) throw expired();
    if (this.#used >= this.connections) throw used(this);
  }
}

const holderScopes: ReadonlySet<string> = new Set([scopes.register, scopes.send]);

/** Returns the name of whoever holds an invitation. */
export function holderName(inviter: string, id: string): string {
  return `${inviter}/invite/${id}`;
}

function used({ connections }: Invitation): QuicpipeError {
  const what = connections === 1 ? "one connection" : `${connections} connections`;
  return new QuicpipeError(
    "ERR_QUICPIPE_INVITATION_USED",
    `the invitation was for ${what}, and is used up: ask for another`,
  );
}

/** Returns the error for an invitation that the relay does not know any more. */
export function ended(): QuicpipeError {
  return new QuicpipeError(
    "ERR_QUICPIPE_INVITATION_ENDED",
    "the invitation was revoked, or the relay was restarted since: ask for another",
  );
}

export function expired(): QuicpipeError {
  return new QuicpipeError(
    "ERR_QUICPIPE_TOKEN_EXPIRED",
    "the time of the invitation is over: ask for another",
  );
}
