import { randomBytes } from "node:crypto";
import * as defaults from "../../defaults/index.ts";
import { QuicpipeError } from "../../errors.ts";
import { SetMap } from "../../maps.ts";
import { isName, maxNameBytes } from "../../protocol.ts";
import { ExpiryBuckets, type RegistrationObserver } from "../../registry/index.ts";
import { isWithinShare } from "../../share.ts";
import { type Authenticate, bearerTokenOf, type Identity } from "../auth/identity.ts";
import type { Limits } from "../options/limits.ts";
import { ended, expired, holderName, Invitation, type InvitationSpec } from "./invitation.ts";
import { InvitationTokens, isInvitationToken } from "./invitation-token.ts";

/** Counts of invitations: those that are open, and totals since the start. */
export interface InvitationStats {
  readonly open: number;
  readonly made: number;
  readonly used: number;
  readonly revoked: number;
}

/** What {@link Invitations} get from their relay. */
export interface InvitationsOptions {
  readonly limits: Pick<Limits, "maxInvitations" | "maxInvitationsPerSubject">;
  /** ms since the epoch, on a clock that neither goes back nor jumps. */
  readonly now: () => number;
}

/** The invitations of a relay, in its memory: they end with it. */
export class Invitations {
  readonly #options: InvitationsOptions;
  readonly #tokens = new InvitationTokens();
  readonly #byId = new Map<string, Invitation>();
  readonly #byHolder = new Map<string, Invitation>();
  readonly #byAccount = new SetMap<string, Invitation>();
  readonly #expiry: ExpiryBuckets<Invitation> = new ExpiryBuckets(defaults.sweepIntervalMs);
  #made = 0;
  #used = 0;
  #revoked = 0;

  constructor(options: InvitationsOptions) {
    this.#options = options;
  }

  /** Watches which registrations are of guests. */
  readonly observer: RegistrationObserver = {
    opened: ({ id, subject }) => this.#byHolder.get(subject)?.registrationOpened(id),
    moved: () => undefined,
    ended: ({ id, subject }) => {
      const invitation = this.#byHolder.get(subject);
      invitation?.registrationEnded(id);
      if (invitation?.isOver) this.#forget(invitation);
    },
  };

  /** Makes an invitation. @throws ERR_QUICPIPE_INVITATION_QUOTA, ERR_QUICPIPE_RECIPIENT_INVALID if the inviter's name is too long */
  create(inviter: Identity, spec: InvitationSpec): Invitation {
    const id = randomBytes(12).toString("base64url");
    requireHolderName(holderName(inviter.subject, id));
    this.#requireRoom(inviter.account);
    const invitation = new Invitation(id, inviter, spec, this.#options.now);
    this.#byId.set(id, invitation);
    this.#byHolder.set(invitation.identity.subject, invitation);
    this.#byAccount.add(invitation.account, invitation);
    this.#expiry.add(invitation);
    this.#made++;
    return invitation;
  }

  /** Returns the token of an invitation. */
  tokenOf({ id, expiresAtMs }: Invitation): Promise<string> {
    const aheadMs = Date.now() - this.#options.now();
    return this.#tokens.sign({ id, expiresAtMs: expiresAtMs + aheadMs });
  }

  /** Returns a function that identifies holders of invitations by their tokens, and others as `others` does. */
  admitting(others: Authenticate): Authenticate {
    return async (request, sourceOf) => {
      const token = bearerTokenOf(request.headers);
      if (token === undefined || !isInvitationToken(token)) return await others(request, sourceOf);
      return await this.#identify(token);
    };
  }

  /** Returns the invitation that a caller holds. @throws ERR_QUICPIPE_INVITATION_ENDED */
  held(id: string): Invitation {
    const invitation = this.#byId.get(id);
    if (!invitation) throw ended();
    return invitation;
  }

  /** Returns those of an inviter's account, oldest first. */
  list(account: string): Invitation[] {
    return [...(this.#byAccount.get(account) ?? [])];
  }

  /** Counts a message that was taken, if an invitation's holder sent it. @throws ERR_QUICPIPE_MESSAGE_NOT_FOUND */
  use(sender: string, registration: string | undefined): void {
    const invitation = this.#byHolder.get(sender);
    if (!invitation) return;
    invitation.use(registration);
    this.#used++;
  }

  /** Ends an invitation of an account, and returns it. @throws ERR_QUICPIPE_INVITATION_NOT_FOUND */
  revoke(id: string, account: string): Invitation {
    const invitation = this.#byId.get(id);
    if (invitation?.account !== account)
      throw new QuicpipeError(
        "ERR_QUICPIPE_INVITATION_NOT_FOUND",
        "you have no such invitation, or its time is over",
      );
    invitation.revoke();
    this.#forget(invitation);
    this.#revoked++;
    return invitation;
  }

  /** Forgets one that has expired per step. One with registrations stays until they end. */
  *sweep(): Generator<undefined> {
    for (const invitation of this.#expiry.due(this.#options.now())) {
      this.#expiry.delete(invitation);
      if (invitation.isOver) this.#forget(invitation);
      yield;
    }
  }

  stats(): InvitationStats {
    return { open: this.#byId.size, made: this.#made, used: this.#used, revoked: this.#revoked };
  }

  async #identify(token: string): Promise<Identity> {
    const { id, expiresAtMs } = await this.#tokens.verify(token);
    const invitation = this.#byId.get(id);
    if (invitation) return invitation.identity;
    throw expiresAtMs <= Date.now() ? expired() : ended();
  }

  #forget(invitation: Invitation): void {
    this.#byId.delete(invitation.id);
    this.#byHolder.delete(invitation.identity.subject);
    this.#byAccount.delete(invitation.account, invitation);
    this.#expiry.delete(invitation);
  }

  #requireRoom(account: string): void {
    const { maxInvitationsPerSubject: one, maxInvitations: all } = this.#options.limits;
    const own = this.#byAccount.get(account)?.size ?? 0;
    if (isWithinShare(1, { own, all: this.#byId.size }, { one, all })) return;
    throw new QuicpipeError(
      "ERR_QUICPIPE_INVITATION_QUOTA",
      `too many invitations are open, ${own} of them yours, and you may have ${one}: revoke one, or wait until one expires`,
    );
  }
}

function requireHolderName(name: string): void {
  if (isName(name)) return;
  throw new QuicpipeError(
    "ERR_QUICPIPE_RECIPIENT_INVALID",
    `your name is too long to invite others: theirs begins with it, and has ${maxNameBytes} bytes at most`,
  );
}
