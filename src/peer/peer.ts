import * as defaults from "../defaults/index.ts";
import { QuicpipeError } from "../errors.ts";
import { loadPeerTelemetry } from "../telemetry/index.ts";
import type { RefusalReason, WaitingMessage } from "../protocol.ts";
import type { Address } from "../wire/address.ts";
import { acceptFlight, acceptMessage, type AcceptOptions, isWelcome } from "./accepting.ts";
import type { PeerContext } from "./attempt.ts";
import type { Connection } from "./connection/connection.ts";
import { dial, type DialOptions, type DialTarget } from "./dialing.ts";
import { loadEngine } from "./engine/engine.ts";
import { createIdentity, type Identity, loadIdentity, pinPrefix, tryPinOf } from "./trust/identity.ts";
import { Listening } from "./relay/listening.ts";
import type { PeerStatus } from "./status.ts";
import { MailboxLoop } from "./relay/mailbox-loop.ts";
import { type PeerOptions, resolveSettings } from "./options.ts";
import type { RegistrationUpkeep } from "./relay/upkeep.ts";
import { RelayClient } from "./relay/client.ts";
import type { RelayHttp } from "./relay/http.ts";
import { createRelayHttp } from "./relay/finding/finder.ts";
import { PeerSocket, type SocketStats } from "./socket.ts";
import { QuicConnection } from "./connection/quic-connection.ts";
import { instanceOf } from "./instance.ts";
import { type Invite, type InviteOptions, Invites } from "./ticket/invites.ts";
import { StunClient } from "./relay/stun-client.ts";
import { requireVerdict } from "./refusal.ts";
import { interfaceAddresses } from "../interface-addresses.ts";
import { readDefaultRouter } from "./mapping/default-router.ts";
import { PortMapping } from "./mapping/port-mapping.ts";
import { openRouterSocket } from "./mapping/router-socket.ts";
import type { WithheldChecks } from "./path/seeking/checklist.ts";
import { watchNat } from "./relay/nat-watch.ts";
import { PathChecks } from "./path/seeking/checks.ts";
import { createTrustPolicy, requireTrust } from "./trust/trust.ts";

/** Counters of a {@link Peer}. */
export interface PeerStats {
  readonly socket: SocketStats;
  /** Connections that are open, in the making or closing. */
  readonly connections: number;
  readonly registrations: number;
  /** Checks of direct paths that were dropped, as a connection got too many of them. */
  readonly checksRefused: number;
  /** Checks of direct paths, rounds of them, addresses and talks that limits have kept this peer from sending, beginning, asking and going on with. */
  readonly checksWithheld: WithheldChecks;
  /** Connections of this process that a fault of the QUIC engine has ended: 0 unless quicpipe has a bug to report. */
  readonly engineFaults: number;
}

/**
 * One end of quicpipe. It dials other peers by name through a relay, and accepts those that dial it. Iterating over it
 * yields the connections that others dial. The caller that binds it closes it.
 */
export class Peer implements AsyncIterable<Connection> {
  readonly #context: PeerContext;
  readonly #http: RelayHttp;
  readonly #mapping: PortMapping;
  readonly #listening: Listening;
  readonly #mailbox: MailboxLoop<Connection>;
  #closed: Promise<void> | undefined;

  private constructor(context: PeerContext, http: RelayHttp, mapping: PortMapping, tokenMayChange: boolean) {
    this.#context = context;
    this.#http = http;
    this.#mapping = mapping;
    const { relay, settings } = context;
    this.#listening = new Listening({ relay, tokenMayChange, onStatus: settings.onStatus });
    this.#mailbox = new MailboxLoop({
      poll: (signal) => this.#listening.poll(signal),
      wants: (message) => verdictOn(context, message),
      refuse: ({ id }, reason) => context.relay.refuse(id, reason),
      accept: (message, onTaken) => acceptMessage(context, message, onTaken),
      discard: (connection) => connection.close(),
      onError: context.settings.onError,
      tokenMayChange,
      backlog: context.settings.backlog,
    });
  }

  /**
   * Looks up the relay's name and binds a UDP socket. Asks the relay for nothing yet. The caller closes the peer.
   *
   * @throws ERR_QUICPIPE_OPTION_INVALID, ERR_QUICPIPE_IDENTITY_INVALID, ERR_QUICPIPE_LISTEN_FAILED,
   *   ERR_QUICPIPE_DEPENDENCY_MISSING, ERR_QUICPIPE_ADDON_MISSING, ERR_QUICPIPE_ADDON_UNUSABLE, and ERR_QUICPIPE_RELAY_UNREACHABLE if the relay's host has no address.
   */
  static async bind(options: PeerOptions): Promise<Peer> {
    const settings = await resolveSettings(options);
    if (settings.trust !== undefined) createTrustPolicy(settings.trust);
    const identity = await ownIdentity(options.identity);
    const engine = loadEngine();
    engine.requireIdentity(identity);
    const telemetry = await loadPeerTelemetry(settings.telemetry);
    const socket = await PeerSocket.bind(settings, engine);
    const stun = new StunClient((datagram) => socket.send(datagram));
    const nat = watchNat(socket, settings.addresses, () =>
      collections.connections.forEach(({ paths }) => paths.natKnown()),
    );
    const checks = new PathChecks(socket);
    leadStun(socket, [stun, nat], checks);
    const mapping = new PortMapping({
      internalPort: socket.local.port,
      router: readDefaultRouter,
      openSocket: openRouterSocket,
      upnp: settings.portMapping === "upnp",
      onChange: () => collections.connections.forEach(({ paths }) => paths.moved()),
    });
    const mapped = (reflexive: Address | undefined): Address[] => {
      if (settings.portMapping !== "never" && isBehindNat(reflexive)) mapping.start();
      return mapping.address ? [mapping.address] : [];
    };
    const collections = {
      connections: new Set<QuicConnection>(),
      registrations: new Set<RegistrationUpkeep>(),
    };
    socket.onFault = (fault) => {
      settings.onError(fault);
      for (const connection of collections.connections) connection.abandon(fault);
    };
    const onDraining = (): void =>
      collections.connections.forEach((connection) => connection.milestones.drain());
    let relayPin = settings.relayCa?.startsWith(pinPrefix) ? settings.relayCa : undefined;
    const http = createRelayHttp(settings, () => engine, socket, {
      onCertificate: (der) => void (relayPin = tryPinOf(der)),
      // The relay may have restarted, or be another one: registrations are renewed before packets get lost.
      onReturn: () => collections.registrations.forEach((registration) => void registration.keepAlive()),
      onGoaway: onDraining,
    });
    const relay = new RelayClient({ ...settings, http, onDraining });
    const invites = new Invites({ settings, relay, pin: identity.pin, relayPin: () => relayPin });
    const context = {
      settings,
      engine,
      socket,
      relay,
      stun,
      checks,
      nat,
      mapped,
      identity,
      instance: options.identity && instanceOf(identity, settings.authority, settings.keepaliveMs),
      invites,
      telemetry,
      ...collections,
    };
    return new Peer(context, http, mapping, typeof options.token === "function");
  }

  /** The local address of the UDP socket. */
  get address(): Address {
    return this.#context.socket.local;
  }

  /** Pin of this peer's key, for `pin` and `trust` of other peers. */
  get pin(): string {
    return this.#context.identity.pin;
  }

  /** Whether dials by name can reach this peer, and why not. `onStatus` tells each change. */
  get status(): PeerStatus {
    return this.#listening.status;
  }

  /**
   * Connects to another peer. The caller closes the connection.
   *
   * @throws ERR_QUICPIPE_OPTION_INVALID naming an option that is wrong or unknown.
   * @throws ERR_QUICPIPE_DIAL_TIMEOUT if the other peer does not answer in time; `details.step` tells how far the dial
   *   came.
   * @throws ERR_QUICPIPE_DIAL_REFUSED as soon as the other peer has refused; `details.reason` is why.
   * @throws ERR_QUICPIPE_PIN_MISMATCH if one peer does not trust the other's key, or its name with a CA.
   * @throws ERR_QUICPIPE_HANDSHAKE_FAILED if a certificate is of another CA than the one trusted, or the peers have no ALPN in
   *   common.
   * @throws ERR_QUICPIPE_RELAY_UNREACHABLE, or the code of the relay's refusal, such as ERR_QUICPIPE_TOKEN_EXPIRED. A
   *   temporary refusal, such as ERR_QUICPIPE_MAILBOX_FULL, is thrown as soon as too little time is left to ask again.
   * @throws ERR_QUICPIPE_CLOSED after {@link close}.
   */
  async dial(target: DialTarget, options: DialOptions = {}): Promise<Connection> {
    this.#requireOpen();
    return await dial(this.#context, target, options);
  }

  /**
   * Makes a ticket: a text with which another peer can dial this one, once within ten minutes unless the options say otherwise. Iterate
   * over this peer to accept it; its own `trust` is not needed for that. Needs the scope `relay:invite`.
   *
   * @throws ERR_QUICPIPE_OPTION_INVALID also where the relay is an `http:` one or is not verified, as the ticket could not say how to.
   * @throws ERR_QUICPIPE_RELAY_UNREACHABLE, or the code of the relay's refusal, such as ERR_QUICPIPE_INVITATION_QUOTA.
   * @throws ERR_QUICPIPE_CLOSED after {@link close}.
   */
  async invite(options?: InviteOptions): Promise<Invite> {
    this.#requireOpen();
    return await this.#context.invites.invite(options);
  }

  /**
   * Accepts a connection whose first packets came out of band, from the `deliver` of a dial. The caller closes the
   * connection.
   *
   * @throws ERR_QUICPIPE_INITIAL_INVALID if they are no first flight; otherwise as {@link dial}.
   */
  async accept(packets: readonly Uint8Array[], options: AcceptOptions = {}): Promise<Connection> {
    this.#requireOpen();
    return await acceptFlight(this.#context, packets, options);
  }

  /**
   * Yields the connections that other peers dial, until the peer is closed. Requires the option `trust`, or a ticket.
   *
   * @throws ERR_QUICPIPE_OPTION_INVALID without `trust`, if there was no {@link invite} before.
   * @throws ERR_QUICPIPE_TOKEN_EXPIRED and the like if the relay refuses for good. Other failures go to `onError`, and
   *   the peer tries again.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<Connection, void, void> {
    if (!this.#context.invites.hasMade) requireTrust(this.#context.settings.trust);
    for (let next; (next = await this.#mailbox.next());) yield next;
  }

  /** Returns the counters of the peer now. */
  stats(): PeerStats {
    const { engine, socket, checks, connections, registrations } = this.#context;
    return {
      socket: socket.stats,
      connections: connections.size,
      registrations: registrations.size,
      checksRefused: checks.refused,
      checksWithheld: checks.withheld,
      engineFaults: engine.faults(),
    };
  }

  /**
   * Closes all connections, ends all registrations, makes all tickets worthless and closes the socket, within a few seconds at most. Never rejects.
   * Idempotent.
   */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    const { connections, registrations, invites, socket, stun, nat } = this.#context;
    this.#mailbox.close();
    this.#listening.close();
    stun.close();
    nat.close();
    for (const connection of connections) connection.close({ closeCode: 0, reason: "the peer was closed" });
    await Promise.all(Array.from(connections, (connection) => connection.closeSent));
    // A release removes a connection from the set.
    for (const connection of Array.from(connections)) connection.release();
    const ended = Promise.allSettled([...registrations].map((registration) => registration.end()));
    await within(defaults.closeTimeoutMs, Promise.all([ended, invites.revokeAll()]));
    await within(defaults.closeTimeoutMs, this.#mapping.close());
    await within(defaults.closeTimeoutMs, this.#http.close());
    await socket.close();
  }

  #requireOpen(): void {
    if (this.#closed) throw new QuicpipeError("ERR_QUICPIPE_CLOSED", "the peer was closed; bind another");
  }
}

async function ownIdentity(given: PeerOptions["identity"]): Promise<Identity> {
  return given ? loadIdentity(`${given.privateKey}\n${given.certificate}`) : await createIdentity();
}

function verdictOn(context: PeerContext, message: WaitingMessage): boolean | RefusalReason {
  const { sender, note } = message;
  return isWelcome(context, message) && requireVerdict(context.settings.accepts({ sender, note }));
}

/** Leads the relay's STUN messages to those that have asked it, and those of others to the checks. */
function leadStun(
  socket: PeerSocket,
  askers: readonly { receive(datagram: Uint8Array, from: Address): void }[],
  checks: PathChecks,
): void {
  socket.onStun = (datagram, from) => {
    for (const asker of askers) asker.receive(datagram, from);
  };
  socket.onCheck = (datagram, from) => checks.receive(datagram, from);
}

/** Reports whether a socket's public address is none of this host's. */
function isBehindNat(reflexive: Address | undefined): boolean {
  return reflexive !== undefined && !interfaceAddresses().includes(reflexive.address);
}

/** Waits for `work` to settle, but no longer than `timeoutMs`. */
async function within(timeoutMs: number, work: Promise<unknown>): Promise<void> {
  const timer = Promise.withResolvers<void>();
  const timeout = setTimeout(timer.resolve, timeoutMs);
  await Promise.race([work.catch(() => undefined), timer.promise]);
  clearTimeout(timeout);
}
