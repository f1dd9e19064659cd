import { randomBytes } from "node:crypto";
import * as defaults from "../../defaults/index.ts";
import { QuicpipeError } from "../../errors.ts";
import {
  optionError,
  type OptionTable,
  range,
  requireIntegers,
  requireOptions,
} from "../../option-checks.ts";
import { type InvitationResponse, maxInvitationConnections } from "../../protocol.ts";
import { isLoopbackHost, parseAddress } from "../../wire/address.ts";
import type { PeerSettings } from "../options.ts";
import { requireInvitation } from "../relay/answer.ts";
import type { RelayClient } from "../relay/client.ts";
import { pinPrefix } from "../trust/identity.ts";
import { createTrustPolicy, type TrustPolicy } from "../trust/trust.ts";
import { pinOfSeed } from "./one-time-identity.ts";
import { encodeTicket } from "./ticket.ts";

/** Options of a ticket. */
export interface InviteOptions {
  /** How often it may be dialed, 1 to 16; once if absent. */
  readonly connections?: number | undefined;
  /** Time in which it may be dialed, in ms, 10 000 to 86 400 000; 600 000, ten minutes, if absent. */
  readonly ttlMs?: number | undefined;
}

/** A ticket that a peer has made, for one dialer. */
export interface Invite {
  /** What the dialer needs, as text for `dialTicket` or `quicpipe dial`. Who has it can dial: it is a secret until it is used. */
  readonly ticket: string;
  readonly expiresAt: Date;
  /**
   * Makes the ticket worthless: no more connections are made by it, handshakes with it end, and the relay forwards nothing for connections
   * that were made. Those with a direct path go on; close them.
   *
   * @throws ERR_QUICPIPE_RELAY_UNREACHABLE, or the code of the relay's refusal; this peer accepts nobody by it in any case.
   */
  revoke(): Promise<void>;
}

/** What {@link Invites} need of their peer. */
export interface InvitesParts {
  readonly settings: Pick<PeerSettings, "relayCa" | "transport" | "authority" | "basePath" | "relayHost">;
  readonly relay: Pick<RelayClient, "invite" | "revokeInvitation">;
  /** Pin of this peer's key. */
  readonly pin: string;
  /** Returns the pin of the key of the relay's certificate, once there was an answer. */
  readonly relayPin: () => string | undefined;
}

/** A use of a ticket that is kept for one message. */
export interface Reservation {
  readonly policy: TrustPolicy;
  /** Aborted when the ticket is revoked, with the error of a handshake that this ends. */
  readonly revoked: AbortSignal;
  /** Gives it back: there is no connection. */
  release(): void;
}

interface OpenInvite {
  /** The relay's name of the invitation. */
  readonly id: string;
  readonly policy: TrustPolicy;
  readonly revocation: AbortController;
  /** By `performance.now()`. */
  readonly endsAtMs: number;
  left: number;
  /** Whether a message was taken by it: its dialer may have a registration at the relay, which outlives the time of the invitation. */
  isUsed: boolean;
}

const ranges = {
  connections: range(1, 1, maxInvitationConnections),
  ttlMs: range(defaults.minInvitationTtlMs, defaults.invitationTtlMs, defaults.maxInvitationTtlMs),
};
const optionTable: OptionTable<InviteOptions> = ranges;

/**
 * The tickets of a peer. Whoever the relay says a message is from, it is accepted by a ticket only with the key of that ticket, which the
 * relay does not know.
 */
export class Invites {
  readonly #parts: InvitesParts;
  /** By the name under which the relay announces who dials. */
  readonly #bySender = new Map<string, OpenInvite>();
  /** IDs of invitations whose time is over and that were used, oldest first. */
  readonly #ended = new Set<string>();
  #hasMade = false;

  constructor(parts: InvitesParts) {
    this.#parts = parts;
  }

  /** Whether a ticket was made, used or not. */
  get hasMade(): boolean {
    return this.#hasMade;
  }

  /** Makes a ticket. */
  async invite(options: InviteOptions | undefined): Promise<Invite> {
    const { connections, ttlMs } = requireIntegers(
      "invite(…)",
      requireOptions("invite(…)", options, optionTable),
      ranges,
    );
    const { settings, relay } = this.#parts;
    requireTrustToHandOn(settings);
    const endsAtMs = performance.now() + ttlMs;
    const made = requireInvitation(await relay.invite({ connections, ttlMs }));
    const seed = randomBytes(32);
    const policy = createTrustPolicy([pinOfSeed(seed)]);
    this.#forgetEnded();
    const revocation = new AbortController();
    const invite = { id: made.id, policy, revocation, endsAtMs, left: connections, isUsed: false };
    this.#bySender.set(made.sender, invite);
    this.#hasMade = true;
    return {
      ticket: this.#ticketOf(made, seed),
      expiresAt: new Date(Date.now() + endsAtMs - performance.now()),
      revoke: async () => {
        this.#bySender.delete(made.sender);
        this.#ended.delete(made.id);
        revocation.abort(revokedError());
        await relay.revokeInvitation(made.id);
      },
    };
  }

  /**
   * Revokes those whose time is not over, as their keys end with this peer, and those that were used, as their dialers may have
   * registrations on this peer's account. Never rejects.
   */
  async revokeAll(): Promise<void> {
    this.#forgetEnded();
    const ids = [...this.#ended, ...[...this.#bySender.values()].map(({ id }) => id)];
    this.#bySender.clear();
    this.#ended.clear();
    await Promise.allSettled(ids.map((id) => this.#parts.relay.revokeInvitation(id)));
  }

  /** Whether a message of this sender may be accepted by a ticket. */
  isOpenTo(sender: string): boolean {
    const invite = this.#bySender.get(sender);
    return invite !== undefined && invite.left > 0 && performance.now() < invite.endsAtMs;
  }

  /** Keeps a use of the ticket for a message of this sender; `undefined` if there is no ticket for it. */
  reserve(sender: string): Reservation | undefined {
    const invite = this.#bySender.get(sender);
    if (!invite || !this.isOpenTo(sender)) return undefined;
    invite.left--;
    invite.isUsed = true;
    const { policy, revocation } = invite;
    return { policy, revoked: revocation.signal, release: () => void invite.left++ };
  }

  /** Forgets the keys of those whose time is over. */
  #forgetEnded(): void {
    for (const [sender, { id, endsAtMs, isUsed }] of this.#bySender) {
      if (performance.now() < endsAtMs) continue;
      this.#bySender.delete(sender);
      if (isUsed) this.#ended.add(id);
      // The relay counts those with registrations as open, and lets a peer have no more by default.
      if (this.#ended.size > defaults.maxInvitationsPerSubject)
        this.#ended.delete(this.#ended.values().next().value!);
    }
  }

  #ticketOf({ recipient, token, relay: publicAddress }: InvitationResponse, seed: Uint8Array): string {
    const { settings, pin } = this.#parts;
    const relayPin = settings.relayCa === undefined ? undefined : this.#parts.relayPin();
    const host = relayPin === undefined ? settings.authority : hostFor(settings, publicAddress);
    const relay = `https://${host}${settings.basePath}`;
    return encodeTicket({ relay, relayPin, name: recipient, pin, token, seed });
  }
}

/**
 * Returns the host and port for peers elsewhere, as in a URL: the address that the relay tells, if this peer is on its machine and knows it
 * by its key, or else those that this peer uses.
 */
function hostFor({ relayHost, authority }: InvitesParts["settings"], publicAddress: string): string {
  const told = parseAddress(publicAddress);
  if (!isLoopbackHost(relayHost) || told === undefined || isLoopbackHost(told.address)) return authority;
  return URL.parse(`https://${publicAddress}`)?.host ?? authority;
}

function revokedError(): QuicpipeError {
  return new QuicpipeError(
    "ERR_QUICPIPE_HANDSHAKE_FAILED",
    "the ticket was revoked before the handshake with its dialer was through; make another if the dialer is to come in",
    { details: {} },
  );
}

/** @throws ERR_QUICPIPE_OPTION_INVALID if a ticket could not say how to trust the relay. */
function requireTrustToHandOn({ transport, relayCa }: InvitesParts["settings"]): void {
  if (transport !== "http3")
    throw optionError("relay", "an http: relay is for this machine alone: a ticket needs its https: URL");
  if (relayCa === "insecure")
    throw optionError(
      "relayCa",
      `with relayCa "insecure" a ticket could not say how to trust the relay: give its CA, or the pin of its key (${pinPrefix}…)`,
    );
}
