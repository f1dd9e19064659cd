import * as defaults from "../defaults/index.ts";
import type { QuicpipeError } from "../errors.ts";
import type { RegisterResponse } from "../protocol.ts";
import type { PeerTelemetry, PeerTrace } from "../telemetry/index.ts";
import { Connection } from "./connection/connection.ts";
import { ConnectionIds } from "./connection/connection-ids.ts";
import type { Engine, EngineOptions } from "./engine/contract.ts";
import type { Identity } from "./trust/identity.ts";
import type { PeerSettings } from "./options.ts";
import { localRelay } from "./relay/local-relay.ts";
import { RegistrationUpkeep } from "./relay/upkeep.ts";
import type { RelayClient } from "./relay/client.ts";
import { QuicConnection } from "./connection/quic-connection.ts";
import type { PeerSocket } from "./socket.ts";
import type { StunClient } from "./relay/stun-client.ts";
import type { TrustPolicy } from "./trust/trust.ts";

/** The parts of one bound peer, shared by dialing and accepting. */
export interface PeerContext {
  readonly settings: PeerSettings;
  readonly engine: Engine;
  readonly socket: PeerSocket;
  readonly relay: RelayClient;
  readonly stun: StunClient;
  readonly identity: Identity;
  readonly telemetry: PeerTelemetry;
  /** Sessions that hold the socket. They are closed with the peer. */
  readonly sessions: Set<QuicConnection>;
  /** Registrations that live at the relay. They are ended with the peer. */
  readonly registrations: Set<RegistrationUpkeep>;
}

/** Returns the context for one piece of work, whose requests to the relay carry the trace's headers. */
export function within(context: PeerContext, { headers }: PeerTrace): PeerContext {
  return { ...context, relay: context.relay.withHeaders(headers) };
}

/** A connection in the making: its IDs, and the registration that will carry it. */
export interface Attempt {
  readonly ids: ConnectionIds;
  session: QuicConnection | undefined;
  registration: RegistrationUpkeep | undefined;
  ended: boolean;
}

/** Starts an attempt: one registration key for one connection. */
export function beginAttempt({ settings }: PeerContext): Attempt {
  const ids = new ConnectionIds(undefined, settings.cidsPerConnection);
  return { ids, session: undefined, registration: undefined, ended: false };
}

/** Registers the attempt's connection IDs and keeps them registered until the connection ends. */
export async function register(context: PeerContext, attempt: Attempt): Promise<RegistrationUpkeep> {
  const { relay, stun, settings } = context;
  const { key, num } = attempt.ids;
  const registration = await RegistrationUpkeep.open({
    relay,
    bind: (credential) => stun.bind(credential),
    onAnswer: (answer) => followRelay(context, answer),
    token: settings.token,
    key,
    num,
    keepaliveMs: settings.keepaliveMs,
    onKeepalive: () => attempt.session?.keepAlive(),
    onMoved: () => attempt.session?.keepAlive(),
  });
  attempt.registration = registration;
  context.registrations.add(registration);
  // The attempt has ended in the meantime.
  if (attempt.ended) endAttempt(context, attempt);
  return registration;
}

/** Moves the socket to the relay's UDP address, which a peer that registers over TCP learns from the answer. */
function followRelay({ settings, socket }: PeerContext, answer: RegisterResponse): void {
  if (settings.transport === "tcp") socket.moveTo(localRelay(answer, settings.addresses, socket));
}

/** A new connection: the session that drives it, and the object for the application. */
export interface Made {
  readonly session: QuicConnection;
  readonly connection: Connection;
}

/** The differences between a dialed and an accepted connection. */
export interface Making {
  readonly role: "client" | "server";
  readonly policy: TrustPolicy;
  readonly remoteName: string | undefined;
  readonly alpn: readonly string[];
  readonly idleTimeoutMs: number;
}

/** Creates the attempt's connection in the engine. */
export function connect(context: PeerContext, attempt: Attempt, making: Making): Made {
  const { socket, identity } = context;
  const { role, policy, remoteName, idleTimeoutMs } = making;
  const start = { sourceId: attempt.ids.first, local: socket.local, remote: socket.relay };
  const options = engineOptions(context, making);
  const engine =
    role === "client" ? context.engine.connect(options, start) : context.engine.accept(options, start);
  const session = new QuicConnection({
    engine,
    socket,
    ids: attempt.ids,
    role,
    check: policy.checkFor?.(remoteName),
    remoteName,
    ownPin: identity.pin,
    idleTimeoutMs,
    keepaliveMs: context.settings.keepaliveMs,
    relayFault: () => attempt.registration?.fault,
    onStalled: () => {
      const upkeep = attempt.registration?.keepAlive();
      return attempt.registration?.fault && upkeep;
    },
    onEnd: () => endAttempt(context, attempt),
  });
  attempt.session = session;
  context.sessions.add(session);
  return { session, connection: new Connection(session, engine) };
}

/** Abandons an attempt: the connection ends with `error`, and no registration stays at the relay. */
export function abandonAttempt(context: PeerContext, attempt: Attempt, error: QuicpipeError): void {
  if (attempt.session) attempt.session.abandon(error);
  else endAttempt(context, attempt);
}

function endAttempt(context: PeerContext, attempt: Attempt): void {
  const { session, registration } = attempt;
  attempt.ended = true;
  if (session) context.sessions.delete(session);
  if (!registration) return;
  registration
    .end()
    // It expires at the relay anyway, so a failure changes nothing for the caller.
    .catch(context.settings.onError)
    .finally(() => context.registrations.delete(registration));
}

function engineOptions({ settings, identity }: PeerContext, making: Making): EngineOptions {
  const { maxUdpPayloadBytes, flowWindowBytes, maxStreams } = settings;
  return {
    identity,
    demand: making.policy.demand,
    alpn: making.alpn,
    idleTimeoutMs: making.idleTimeoutMs,
    maxUdpPayloadBytes,
    flowWindowBytes,
    maxStreams,
    datagramQueue: defaults.datagramQueue,
    activeConnectionIdLimit: defaults.activeConnectionIdLimit,
  };
}
