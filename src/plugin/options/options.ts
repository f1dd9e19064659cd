import type { BackendChoice, SourcePolicy, StunPolicy, XdpOption } from "../../forwarder/index.ts";
import type { TelemetryOptions } from "../../telemetry/index.ts";
import type { TokenAuthOptions } from "./auth.ts";
import type { LimitOptions } from "./limits.ts";
import type { Logger } from "../../log/logger.ts";

/** How the data plane is run. */
export interface ForwarderTuningOptions {
  /**
   * `"dgram"`: the portable one; `"native"`: the C addon for Linux, or an error; `"auto"`: native where it runs.
   * If absent, the environment variable `QUICPIPE_BACKEND` is the choice, and else `"auto"`.
   */
  readonly backend?: BackendChoice;
  /** Threads of the native backend, 1 to 64, each with a socket of its own; 1 if absent. `dgram` has one. */
  readonly threads?: number;
  /** `"registered"` (default): only addresses of live registrations may send; `"any"`: everybody may. */
  readonly sourcePolicy?: SourcePolicy;
  /** Gateway clients at a time, 1 to 65 536; 4096 if absent. */
  readonly maxGatewayClients?: number;
  /** Socket buffers to ask the system for, in bytes, from 65 536; 4 MiB if absent. */
  readonly socketBufferBytes?: number;
}

/** The HTTP/3 server behind the relay. */
export interface UpstreamOptions {
  /** Loopback IP literal; `127.0.0.1` if absent. */
  readonly host?: string;
  /** UDP port, 1 to 65 535. */
  readonly port: number;
}

/** The console, for whoever's token has the scope `relay:admin`. */
export interface ConsoleOptions {
  /** Its path below `basePath`; `/relay` if absent. */
  readonly path?: string;
}

/** Options of `quicpipe()`. None is required outside of production. */
export interface QuicpipeOptions {
  /** Local IP literal of the public UDP socket; `::`, both IPv6 and IPv4, if absent. */
  readonly host?: string;
  /** Public UDP port, 0 (a free one) to 65 535; 4433 if absent. */
  readonly port?: number;
  /** Where datagrams go that are not the relay's own; they are dropped and counted if absent. */
  readonly upstream?: UpstreamOptions;
  /**
   * IP literals of the reverse proxies whose `X-Forwarded-For` counts, as far as it names a client that came through the
   * relay's port; `["127.0.0.1", "::1"]` if absent, `[]` for none. None counts on a system without 127.0.0.0/8, where
   * clients cannot be told apart by address.
   */
  readonly trustedProxies?: readonly string[];
  /** `host:port` under which peers reach the UDP socket; the request's host name and the bound port if absent. */
  readonly publicAddress?: string;
  /** Path in front of `/v1/…`, such as `/relay`; empty if absent. */
  readonly basePath?: string;
  /** The console in the browser; served at `/relay` if absent, `false` for none. */
  readonly console?: false | ConsoleOptions;
  /** How requests are authenticated; `"none"` lets everybody in. A local development key if absent. */
  readonly auth?: "none" | TokenAuthOptions;
  readonly limits?: LimitOptions;
  readonly forwarder?: ForwarderTuningOptions;
  /**
   * Whether the kernel forwards as well, by XDP, where the process has the privileges; `"auto"` if absent, or the
   * interfaces that the environment variable `QUICPIPE_XDP_IFACE` names. What the kernel cannot do user space does.
   */
  readonly xdp?: XdpOption;
  /** `"registered"` (default): STUN needs a registration's credentials; `"public"`: standard clients are answered too. */
  readonly stun?: StunPolicy;
  /**
   * Spans and metrics through `@opentelemetry/api`, where that is installed; `false` for none (`docs/telemetry.md`).
   * With `intervalMs`, from 10 000, a registration's span ends after that time and a new one goes on, linked to it.
   */
  readonly telemetry?: false | TelemetryOptions;
  /**
   * Where log lines go; `false` for nowhere. If absent `console`, with the lines for developers (`debug`) only where
   * the environment variable `NODE_DEBUG` names `quicpipe`.
   */
  readonly logger?: Logger | false;
}
