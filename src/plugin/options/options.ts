import type { BackendChoice, SourcePolicy, StunPolicy, XdpOption } from "../../forwarder/index.ts";
import type { EndReason } from "../../registry/index.ts";
import type { TelemetryOptions } from "../../telemetry/index.ts";
import type { AuthFunction, TokenAuthOptions } from "./auth.ts";
import type { LimitOptions } from "./limits.ts";
import type { Logger } from "../../log.ts";

/** Settings of the data plane. */
export interface ForwarderTuningOptions {
  /**
   * `"dgram"` is portable; `"native"` is the C addon for Linux, or an error; `"auto"` is native where it runs. Default: the
   * environment variable `QUICPIPE_BACKEND`, or else `"auto"`.
   */
  readonly backend?: BackendChoice;
  /** Threads of the native backend, 1 to 64, each with its own socket. Default 1. `dgram` always has one. */
  readonly threads?: number;
  /** `"registered"` (default) relays only from addresses of live registrations; `"any"` from any address. */
  readonly sourcePolicy?: SourcePolicy;
  /** Concurrent gateway clients, 1 to 65 536. Default 4096. */
  readonly maxGatewayClients?: number;
  /** Socket buffer size to request from the system, in bytes, 65 536 to 2³⁰. Default 4 MiB. */
  readonly socketBufferBytes?: number;
}

/** The HTTP/3 server behind the relay. */
export interface UpstreamOptions {
  /** Loopback IP literal. Default `127.0.0.1`. */
  readonly host?: string;
  /** UDP port, 1 to 65 535. */
  readonly port: number;
}

/** A registration, as {@link RelayHooks} see it. */
export interface HookedRegistration {
  readonly id: string;
  /** The peer's name. Arbitrary text, from its token. */
  readonly subject: string;
  /** Public address of the peer, `host:port`; `null` until one is proven. */
  readonly address: string | null;
  /** Number of its connection IDs. */
  readonly cids: number;
}

/**
 * Functions that a relay calls as registrations begin, move and end, with the object as their `this`. What they throw, or reject
 * their promise with, is logged once for each of them by name, and changes nothing; the relay waits for no promise. They run on
 * the event loop, in the midst of other work: they should be brief.
 */
export interface RelayHooks {
  /** Called when a registration begins; not when it is refreshed. */
  readonly onRegister?: (registration: HookedRegistration) => void;
  /** Called with the new address. The first one proven by STUN counts too. */
  readonly onMove?: (registration: HookedRegistration) => void;
  /** @param reason its owner ended it, its time was over, an administrator or inviter revoked another's, or the relay closed. */
  readonly onEnd?: (registration: HookedRegistration, reason: EndReason) => void;
}

/** The console, for tokens with the scope `relay:admin`. */
export interface ConsoleOptions {
  /** URL path below `basePath`. Default `/relay`. */
  readonly path?: string;
}

/** The probes of a supervisor, such as Kubernetes. */
export interface HealthOptions {
  /** URL path below `basePath`, in front of `/healthz` and `/readyz`; `""` for none. Default `/v1`. */
  readonly path?: string;
}

/** The figures for Prometheus. */
export interface MetricsOptions {
  /** URL path below `basePath`, in front of `/metrics`; `""` for none. Default `/v1`. */
  readonly path?: string;
}

/** Options of `quicpipe()`. All are optional, except `auth` in production. */
export interface QuicpipeOptions {
  /** Local IP literal of the public UDP socket. Default `::`, both IPv6 and IPv4. */
  readonly host?: string;
  /** Public UDP port, 0 (any free port) to 65 535. Default 4433. */
  readonly port?: number;
  /** Destination of datagrams that are not the relay's own. They are dropped and counted if absent. */
  readonly upstream?: UpstreamOptions;
  /**
   * IP literals of the reverse proxies whose `X-Forwarded-For` is trusted, as far as it names a client that came through the
   * relay's port. Default `["127.0.0.1", "::1"]`; `[]` for none. None is trusted on a system without 127.0.0.0/8, where
   * clients cannot be told apart by address.
   */
  readonly trustedProxies?: readonly string[];
  /** `host:port` at which peers reach the UDP socket. Default: the request's host name and the bound port. */
  readonly publicAddress?: string;
  /** URL path in front of `/v1/…`, such as `/relay`. Default empty. */
  readonly basePath?: string;
  /** The browser console. Default: served at `/relay`; `false` disables it. */
  readonly console?: false | ConsoleOptions;
  /**
   * `GET /healthz` and `GET /readyz` for supervisors, without a token. Default: below `/v1`, as an app may have the same at its
   * root; `false` leaves them out.
   */
  readonly health?: false | HealthOptions;
  /**
   * `GET /metrics` for Prometheus, below `/v1` if `true`, for tokens with the scope `relay:metrics` or `relay:admin`. Default
   * `false`.
   */
  readonly metrics?: boolean | MetricsOptions;
  /**
   * Authentication of requests: by JWT, or by a function of the app; `"none"` admits every client. Default: a local
   * development key; required in production.
   */
  readonly auth?: "none" | AuthFunction | TokenAuthOptions;
  /**
   * Whether peers with the scope `relay:invite` may invite others for a few connections (`POST /v1/invitations`), which tickets need.
   * Default true.
   */
  readonly invitations?: boolean;
  /** Limits on registrations, rates, messages and requests. Each has a default. */
  readonly limits?: LimitOptions;
  /** Functions of the app that are called as registrations begin, move and end. */
  readonly hooks?: RelayHooks;
  /** Settings of the data plane. Each has a default. */
  readonly forwarder?: ForwarderTuningOptions;
  /**
   * Kernel forwarding by XDP, where the process has the privileges. Default: the interfaces named by the environment
   * variable `QUICPIPE_XDP_IFACE`, or else `"auto"`. User space forwards whatever the kernel cannot.
   */
  readonly xdp?: XdpOption;
  /**
   * A second public UDP port, 0 (any free port) to 65 535 and other than `port`, by which peers find out whether their NAT gives
   * each destination another port. It answers Binding requests that are padded to the length of the answer, and does nothing
   * else. If it is set, the firewall has to let it in. Default none.
   */
  readonly stunPort?: number;
  /** `"registered"` (default): STUN requires a registration's credentials; `"public"`: also answers standard clients. */
  readonly stun?: StunPolicy;
  /**
   * Spans and metrics through `@opentelemetry/api`, if installed; `false` disables them (`docs/telemetry.md`). With
   * `intervalMs`, from 10 000, a registration's span ends after that time and a new one, linked to it, begins.
   */
  readonly telemetry?: false | TelemetryOptions;
  /**
   * Destination of log lines; `false` for none. Default `console`, with `debug` lines only if the environment variable
   * `NODE_DEBUG` names `quicpipe`.
   */
  readonly logger?: Logger | false;
}
