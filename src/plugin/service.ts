import * as defaults from "../defaults.ts";
import { type Forwarder, type ForwarderOptions, createForwarder, describeXdp } from "../forwarder/index.ts";
import { Registry, createSweeper } from "../registry/index.ts";
import { formatAddress } from "../wire/address.ts";
import { type AuthSettings, secretSettings } from "./auth-settings.ts";
import { developmentKey, developmentKeyPath } from "./development-key.ts";
import { type Authenticate, anonymousIdentity } from "./identity.ts";
import { Mailbox } from "./mailbox.ts";
import { RateLimiter } from "./rate-limiter.ts";
import type { Settings } from "./settings.ts";
import { createTokenAuthentication } from "./token-auth.ts";
import { Waiters } from "./waiters.ts";

/** The parts of a relay that runs. */
export interface Service {
  readonly settings: Settings;
  readonly forwarder: Forwarder;
  readonly registry: Registry;
  readonly mailbox: Mailbox;
  readonly waiters: Waiters;
  readonly rateLimiter: RateLimiter;
  readonly authenticate: Authenticate;
  /** ms since the epoch. */
  readonly now: () => number;
  /** Refuses what is new and ends every wait; what is registered is still forwarded. Idempotent. */
  drain(): void;
  /** Closes the sockets and timers. Idempotent. */
  close(): Promise<void>;
}

/**
 * Opens the data plane and puts the control plane on it. The caller closes it.
 *
 * @throws ERR_QUICPIPE_LISTEN_FAILED, ERR_QUICPIPE_BACKEND_UNAVAILABLE, ERR_QUICPIPE_OPTION_INVALID (development key)
 */
export async function openService(settings: Settings, now: () => number = Date.now): Promise<Service> {
  const { limits, logger } = settings;
  const authenticate = createAuthentication(settings, now);
  // The forwarder asks the registry about STUN, and the registry writes the forwarder's routes.
  let registry: Registry | undefined;
  const forwarder = await createForwarder({
    ...forwarderOptions(settings),
    authority: {
      secretOf: (id) => registry?.secretOf(id),
      proven: (id, address) => registry?.proven(id, address) ?? false,
    },
    now,
  });
  const { maxRegistrations, maxCids } = limits;
  const opened = new Registry({ forwarder, maxRegistrations, maxCids, now });
  registry = opened;
  const mailbox = new Mailbox(limits, now);
  const waiters = new Waiters(limits);
  const sweeper = createSweeper([() => opened.sweep(), () => mailbox.sweep()]);
  const { backend, backendReason } = forwarder;
  logger.info(
    `quicpipe: relay on UDP ${formatAddress(forwarder.address())}, backend ${backend} (${backendReason}), ${describeXdp(forwarder.xdp())}`,
  );
  const rateLimiter = new RateLimiter({
    perMinute: limits.requestsPerMinute,
    maxSubjects: defaults.maxRateLimitedSubjects,
    now,
  });
  const drain = (): void => {
    opened.drain();
    waiters.stopAll();
  };
  return {
    settings,
    forwarder,
    registry,
    mailbox,
    waiters,
    rateLimiter,
    authenticate,
    now,
    drain,
    close() {
      drain();
      sweeper.close();
      return forwarder.close();
    },
  };
}

function forwarderOptions(settings: Settings): Omit<ForwarderOptions, "authority" | "now"> {
  const { host, port, upstream, backend, threads, sourcePolicy, xdp, stun, logger } = settings;
  const { limits, maxGatewayClients, socketBufferBytes } = settings;
  return {
    host,
    port,
    upstream,
    backend,
    threads,
    sourcePolicy,
    stun,
    maxSessions: limits.maxRegistrations,
    maxGatewayClients,
    socketBufferBytes,
    xdp: {
      option: xdp,
      maxRoutes: limits.maxCids,
      onChange: (status) => logger.info(`quicpipe: ${describeXdp(status)}`),
    },
    onError: (error) => logger.error("quicpipe: the UDP socket failed", error),
  };
}

function createAuthentication({ auth, limits, logger }: Settings, now: () => number): Authenticate {
  if (auth === "none") {
    logger.warn('quicpipe: auth is "none": everybody may register and send through this relay');
    const anonymous = anonymousIdentity(limits);
    return () => Promise.resolve(anonymous);
  }
  if (auth !== "development") return createTokenAuthentication(auth, limits, now);
  logger.info(
    `quicpipe: no option auth, so tokens are checked with the development key ${developmentKeyPath()}; make one with: quicpipe token --sub alice`,
  );
  return createTokenAuthentication(developmentSettings(), limits, now);
}

function developmentSettings(): Exclude<AuthSettings, string> {
  return {
    ...secretSettings(developmentKey()),
    issuer: undefined,
    audience: undefined,
    clockTolerance: defaults.clockToleranceSeconds,
  };
}
