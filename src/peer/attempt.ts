import * as defaults from "../defaults/index.ts";
import { isQuicpipeError, QuicpipeError } from "../errors.ts";
import type { InstanceName, RegisterResponse } from "../protocol.ts";
import type { PeerTelemetry, PeerTrace } from "../telemetry/index.ts";
import { ConnectionIds } from "./connection/connection-ids.ts";
import { QuicConnection } from "./connection/quic-connection.ts";
import type { Engine } from "./engine/contract.ts";
import type { PeerSettings } from "./options.ts";
import type { PathChecks } from "./path/seeking/checks.ts";
import { offered } from "./path/control/control-stream.ts";
import type { DirectPolicy } from "./path/policy.ts";
import type { RelayClient } from "./relay/client.ts";
import { localRelay } from "./relay/local-relay.ts";
import type { NatWatch } from "./relay/nat-watch.ts";
import { askRegistering, type RegisteringRequest } from "./relay/registering.ts";
import type { StunClient } from "./relay/stun-client.ts";
import { registerRequest, RegistrationUpkeep, type UpkeepParts } from "./relay/upkeep.ts";
import type { PeerSocket } from "./socket.ts";
import type { Invites } from "./ticket/invites.ts";
import type { Deadline } from "./time/deadline.ts";
import { type Address, parseAddress } from "../wire/address.ts";
import type { Identity } from "./trust/identity.ts";
import type { TrustPolicy } from "./trust/trust.ts";

/** The parts of one bound peer, shared by dialing and accepting. */
export interface PeerContext {
  readonly settings: PeerSettings;
  readonly engine: Engine;
  readonly socket: PeerSocket;
  readonly relay: RelayClient;
  readonly stun: StunClient;
  readonly checks: PathChecks;
  readonly nat: NatWatch;
  /** Returns the addresses that the router maps to the socket, whose public address is given. */
  readonly mapped: (reflexive: Address | undefined) => readonly Address[];
  readonly identity: Identity;
  /** This process, for the relay; `undefined` if the identity is this peer's alone. */
  readonly instance: InstanceName | undefined;
  readonly invites: Invites;
  readonly telemetry: PeerTelemetry;
  /** The trace of the dial or accept that this is the context of. */
  readonly trace?: PeerTrace | undefined;
  /** Connections that hold the socket. They are closed with the peer. */
  readonly connections: Set<QuicConnection>;
  /** Registrations that live at the relay. They are ended with the peer. */
  readonly registrations: Set<RegistrationUpkeep>;
}

/** Returns the context for one piece of work, whose requests to the relay carry the trace's headers. */
export function tracedBy(trace: PeerTrace, context: PeerContext): PeerContext {
  return { ...context, trace, relay: context.relay.withHeaders(trace.headers) };
}

/** The differences between a dialed and an accepted connection. */
export interface ConnectionTerms {
  readonly policy: TrustPolicy;
  readonly remoteName: string | undefined;
  readonly alpn: readonly string[];
  readonly direct: DirectPolicy;
  readonly idleTimeoutMs: number;
}

/** An attempt at one connection: its IDs, which derive from one registration key, its registration, and the connection itself. */
export class Attempt {
  readonly #context: PeerContext;
  readonly #role: "client" | "server";
  readonly #ids: ConnectionIds;
  #connection: QuicConnection | undefined;
  #registration: RegistrationUpkeep | undefined;
  #hasEnded = false;
  /** The relay's second port. */
  #stunPort: number | undefined;

  constructor(context: PeerContext, role: "client" | "server") {
    this.#context = context;
    this.#role = role;
    this.#ids = new ConnectionIds(context.settings.cidsPerConnection);
  }

  /** Works on the attempt until its deadline. If that fails, the connection ends, and no registration stays at the relay. */
  async run<Result>(deadline: Deadline, work: () => Promise<Result>): Promise<Result> {
    try {
      return await Promise.race([work(), deadline.expired]);
    } catch (error) {
      this.#abandon(isQuicpipeError(error) ? error : givenUp(error));
      throw error;
    } finally {
      deadline.clear();
    }
  }

  /** Registers the connection IDs and keeps them registered until the connection ends. Returns the registration's ID. */
  async register(): Promise<string> {
    return this.#keep(await RegistrationUpkeep.open(this.#upkeep));
  }

  /** Registers as {@link register} does, with another request if the relay can. {@link prove} has to follow. */
  async registerWith<Answer extends object>(request: RegisteringRequest<Answer>): Promise<Answer> {
    const { relay, settings } = this.#context;
    const token = await settings.token();
    const registrant = {
      registration: this.#registration?.id,
      wanted: registerRequest(this.#ids.key, this.#ids.num, this.#context.instance),
      adopt: (answer: RegisterResponse) => {
        this.#keep(new RegistrationUpkeep(this.#upkeep, answer, token));
        this.#followRelay(answer);
      },
      register: () => this.register(),
    };
    return await askRegistering(relay, registrant, request);
  }

  /** Proves the address of the registration to the relay by STUN, if the request could not. */
  async prove(): Promise<void> {
    await this.#registration?.start();
  }

  /** Creates the connection in the engine. */
  connect(terms: ConnectionTerms): QuicConnection {
    const { engine, socket, checks, nat, mapped, identity, settings, connections } = this.#context;
    const { policy, remoteName, alpn, direct, idleTimeoutMs } = terms;
    const { maxUdpPayloadBytes, flowWindowBytes, maxStreams, keepaliveMs, birthdaySearch } = settings;
    const { datagramQueueBytes, datagramQueue } = defaults;
    const check = policy.checkFor?.(remoteName);
    const connection = new QuicConnection({
      engine: engine[this.#role === "client" ? "connect" : "accept"]({
        cidKey: this.#ids.key,
        cidLimit: this.#ids.num,
        identity,
        demand: policy.demand,
        isJudged: check !== undefined,
        alpn: socket.canGoDirect ? offered(alpn) : alpn,
        maxPaths: socket.canGoDirect ? defaults.maxPaths : 1,
        idleTimeoutMs,
        maxUdpPayloadBytes: socket.largestPayload(maxUdpPayloadBytes),
        flowWindowBytes,
        maxStreams,
        datagramQueueBytes,
        datagramQueue,
        // A message of the mailbox has room for several datagrams, what is carried by hand for one.
        longFirstFlight: remoteName !== undefined,
        ...settings.records,
      }),
      socket,
      checks,
      direct,
      trace: this.#context.trace?.paths(),
      reflexive: () => this.#reflexive,
      nat,
      mapped: () => mapped(this.#reflexive),
      relays: settings.addresses,
      birthdaySearch,
      maxStreams,
      ids: this.#ids,
      role: this.#role,
      check,
      remoteName,
      ownPin: identity.pin,
      idleTimeoutMs,
      keepaliveMs,
      relayFault: () => this.#registration?.fault,
      onStalled: () => {
        const upkeep = this.#registration?.keepAlive();
        return this.#registration?.fault && upkeep;
      },
      onCidsRunLow: () => void this.#registration?.grow(this.#ids.num + settings.cidsPerConnection),
      onEnd: () => this.#end(),
    });
    this.#connection = connection;
    connections.add(connection);
    return connection;
  }

  /** The socket's public address, as the relay sees it. */
  get #reflexive(): Address | undefined {
    return parseAddress(this.#registration?.address ?? "");
  }

  /** The two sides begin at the same time. One of them is early, so that a PING of one spares the other its own. */
  get #firstKeepaliveMs(): number {
    const { keepaliveMs } = this.#context.settings;
    return this.#role === "client" ? keepaliveMs : (3 / 4) * keepaliveMs;
  }

  get #upkeep(): UpkeepParts {
    const { relay, stun, settings } = this.#context;
    return {
      relay,
      bind: (credential) => stun.bind(credential),
      onAnswer: (answer) => this.#followRelay(answer),
      token: settings.token,
      instance: this.#context.instance,
      key: this.#ids.key,
      num: this.#ids.num,
      keepaliveMs: settings.keepaliveMs,
      firstKeepaliveMs: this.#firstKeepaliveMs,
      lastSeen: () => stun.lastSeen,
      onKeepalive: () => this.#connection?.keepAlive(),
      onMoved: () => {
        this.#tellNat();
        this.#connection?.probe();
        this.#connection?.paths.moved();
      },
      onGrown: (num) => this.#connection?.useConnectionIds(num),
      onError: settings.onError,
    };
  }

  /** Ends the registration with the attempt. */
  #keep(registration: RegistrationUpkeep): string {
    this.#registration = registration;
    this.#context.registrations.add(registration);
    // The attempt has ended in the meantime.
    if (this.#hasEnded) this.#end();
    return registration.id;
  }

  /** Moves the socket to the relay's UDP address, which a peer that registers over TCP learns from the answer. */
  #followRelay(answer: RegisterResponse): void {
    const { settings, socket } = this.#context;
    if (settings.transport === "tcp") socket.moveTo(localRelay(answer, settings.addresses, socket));
    this.#stunPort = answer.stunPort;
    this.#tellNat(answer.address);
  }

  #tellNat(address: string | null = this.#registration?.address ?? null): void {
    const { nat } = this.#context;
    void nat.note({ address: parseAddress(address ?? "") ?? null, stunPort: this.#stunPort });
  }

  #abandon(error: QuicpipeError): void {
    if (this.#connection) this.#connection.abandon(error);
    else this.#end();
  }

  #end(): void {
    const { connections, registrations, settings } = this.#context;
    const registration = this.#registration;
    this.#hasEnded = true;
    if (this.#connection) connections.delete(this.#connection);
    if (!registration) return;
    registration
      .end()
      // It expires at the relay anyway, so a failure changes nothing for the caller.
      .catch(settings.onError)
      .finally(() => registrations.delete(registration));
  }
}

function givenUp(cause: unknown): QuicpipeError {
  return new QuicpipeError("ERR_QUICPIPE_CONNECTION_CLOSED", "the connection was given up", { cause });
}
