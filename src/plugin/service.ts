import * as defaults from "../defaults/index.ts";
import {
  createForwarder,
  describeRemoval,
  describeXdp,
  type Forwarder,
  holdMemoryTrimmer,
  openStunPort,
  type StunPort,
} from "../forwarder/index.ts";
import { createSweeper, type RegistrationObserver, Registry } from "../registry/index.ts";
import { loadRelayTelemetry, type RelayTelemetry } from "../telemetry/index.ts";
import { steadyNow } from "../steady-clock.ts";
import { formatAddress } from "../wire/address.ts";
import { announceAuthentication, createAuthentication } from "./auth/authentication.ts";
import type { Authenticate } from "./auth/identity.ts";
import { addressLimits, type Limits, requestsAtOnce } from "./options/limits.ts";
import { Invitations } from "./invitations/invitations.ts";
import { hookObserver, registrationLog } from "./observers.ts";
import type { Log } from "./log.ts";
import { createMailboxCounts, type Mailbox, type OpenMailbox } from "./mailbox/mailbox.ts";
import type { SocketWatch } from "./health/socket-watch.ts";
import { MessageFeed } from "./mailbox/message-feed.ts";
import { RateLimiter, Waiters } from "./http/caller-limits.ts";
import { Rates } from "./stats/rates.ts";
import type { Settings } from "./options/settings.ts";
import { type CountedParts, relayStats, telemetryFigures } from "./stats/stats.ts";
import { StatsEvents } from "./stats/events.ts";

/** The parts of a relay that exist whether it runs or not. */
export interface ServiceContext extends Pick<CountedParts, "refused"> {
  readonly settings: Settings;
  readonly log: Log;
  readonly openMailbox: OpenMailbox;
  /** Of the public socket. */
  readonly socketWatch: SocketWatch;
  /** Returns ms since the epoch by the system clock, for times set by other parties, such as those of tokens. */
  readonly now: () => number;
}

/** The parts of a running relay. */
export interface Service extends ServiceContext, CountedParts {
  readonly mailbox: Mailbox;
  readonly feed: MessageFeed;
  readonly rateLimiter: RateLimiter;
  /** Of the holders of invitations, whose requests count to their inviters as well. */
  readonly guestLimiter: RateLimiter;
  readonly invitations: Invitations;
  readonly telemetry: RelayTelemetry;
  readonly authenticate: Authenticate;
  readonly rates: Rates;
  readonly statsEvents: StatsEvents;
  /** Refuses new registrations and messages and ends every wait. Existing registrations are still forwarded. Idempotent. */
  drain(): void;
  /** Closes the sockets and timers. Idempotent. */
  close(): Promise<void>;
}

/**
 * Opens the data plane and the control plane. The caller closes the service.
 *
 * @throws ERR_QUICPIPE_LISTEN_FAILED, ERR_QUICPIPE_BACKEND_UNAVAILABLE, ERR_QUICPIPE_OPTION_INVALID and
 *   ERR_QUICPIPE_STATE_UNAVAILABLE (development key)
 */
export async function openService(context: ServiceContext): Promise<Service> {
  const { settings, log, now } = context;
  const limits = settings.auth === "none" ? addressLimits(settings.limits) : settings.limits;
  // If a later part fails, the earlier ones are closed: a socket left bound would block the next attempt.
  await using opening = new AsyncDisposableStack();
  const closing = new AbortController();
  opening.defer(() => closing.abort());
  opening.defer(holdMemoryTrimmer());
  const callers = admitCallers(context, limits, closing.signal);
  const { invitations } = callers;
  const openTelemetry = await loadRelayTelemetry(settings.telemetry);
  // The two depend on each other: the forwarder queries the registry about STUN, and the registry writes the forwarder's
  // routes.
  let registry: Registry | undefined;
  const forwarder = opening.adopt(await openForwarder(context, () => registry), (dataPlane) =>
    dataPlane.close(),
  );
  const stunPort = await openSecondPort(context);
  if (stunPort) opening.defer(() => stunPort.close());
  const mailboxCounts = createMailboxCounts();
  const mailbox = await context.openMailbox({ limits, counts: mailboxCounts, now: steadyNow });
  opening.defer(() => mailbox.close());
  const telemetry = openTelemetry({
    backend: forwarder.backend,
    figures: () => telemetryFigures({ forwarder, stunPort, mailboxCounts }, registry),
    trafficOf: (id) => registry?.countersOf(id),
    now: steadyNow,
  });
  opening.defer(() => telemetry.close());
  const opened = openRegistry(context, forwarder, [telemetry.observer, invitations.observer]);
  opening.defer(() => opened.close());
  registry = opened;
  const waiters = new Waiters(limits);
  opening.defer(createSweeper([() => opened.sweep(), () => telemetry.watch(), () => invitations.sweep()]));
  const rates = new Rates(forwarder, opened);
  opening.defer(() => rates.close());
  // Here, as an attempt to open the socket that fails is followed by others.
  announceAuthentication(settings.auth, log);
  log.write("info", "listening", describe(forwarder, stunPort));
  const parts = opening.move();
  const service: Service = {
    ...context,
    ...callers,
    forwarder,
    stunPort,
    registry,
    mailbox,
    mailboxCounts,
    feed: new MessageFeed(mailbox, steadyNow),
    waiters,
    telemetry,
    rates,
    statsEvents: new StatsEvents(rates, () => relayStats(service), now),
    drain() {
      opened.drain();
      waiters.stopAll();
    },
    close() {
      service.drain();
      return parts.disposeAsync();
    },
  };
  return service;
}

/** Creates what knows the callers, and how much each may ask. No keys are fetched after `signal` aborts. */
function admitCallers(
  { settings, log, now }: ServiceContext,
  limits: Limits,
  signal: AbortSignal,
): Pick<Service, "authenticate" | "invitations" | "rateLimiter" | "guestLimiter"> {
  const byAuth = createAuthentication(settings.auth, { limits, log, now, signal });
  const invitations = new Invitations({ limits, now: steadyNow });
  return {
    authenticate: settings.invitations ? invitations.admitting(byAuth) : byAuth,
    invitations,
    rateLimiter: createRateLimiter(limits.requestsPerMinute, requestsAtOnce(settings.limits, limits)),
    guestLimiter: createRateLimiter(defaults.invitationRequestsPerMinute),
  };
}

function createRateLimiter(perMinute: number, atOnce: number = perMinute): RateLimiter {
  return new RateLimiter({
    perMinute,
    atOnce,
    maxSubjects: defaults.maxRateLimitedSubjects,
    now: steadyNow,
  });
}

function openForwarder(
  { settings, log, socketWatch }: ServiceContext,
  registry: () => Registry | undefined,
): Promise<Forwarder> {
  const { limits } = settings;
  return createForwarder({
    ...settings,
    maxSessions: limits.maxRegistrations,
    // One more, as a registration joins a bucket before it leaves another, or before it ends an unclaimed session to make room.
    maxBuckets: limits.maxRegistrations + defaults.maxIdleBuckets + 1,
    xdp: {
      option: settings.xdp,
      maxRoutes: limits.maxCids,
      onChange: (status) => log.write("info", "xdp", describeXdp(status)),
      onRemoved: (folders) => log.write("info", "xdp", describeRemoval(folders)),
    },
    onError: (err) => {
      socketWatch.failed(err);
      onSocketError(log)(err);
    },
    authority: { stunRegistration: (id) => registry()?.stunRegistration(id) },
    now: steadyNow,
  });
}

async function openSecondPort({ settings, log }: ServiceContext): Promise<StunPort | undefined> {
  const { host, stunPort: port, socketBufferBytes } = settings;
  if (port === undefined) return undefined;
  return await openStunPort({ host, port, socketBufferBytes, onError: onSocketError(log), now: steadyNow });
}

function onSocketError(log: Log): (err: unknown) => void {
  return (err) => log.write("error", "socket-failed", "the UDP socket failed", { err });
}

function openRegistry(
  { settings, log }: ServiceContext,
  forwarder: Forwarder,
  observers: readonly RegistrationObserver[],
): Registry {
  const onFault = (method: string, err: unknown): void =>
    log.write("error", "observer-failed", "an observer of registrations failed", { method, err });
  const { maxRegistrations, maxCids } = settings.limits;
  return new Registry({
    forwarder,
    maxRegistrations,
    maxCids,
    now: steadyNow,
    observers: [registrationLog(log), hookObserver(settings.hooks, onFault), ...observers],
    onObserverFault: onFault,
  });
}

function describe(forwarder: Forwarder, stunPort: StunPort | undefined): string {
  const { backend, backendReason } = forwarder;
  const second = stunPort ? ` and ${stunPort.number} (STUN)` : "";
  return `relay on UDP ${formatAddress(forwarder.address())}${second}, backend ${backend} (${backendReason}), ${describeXdp(forwarder.xdp())}`;
}
