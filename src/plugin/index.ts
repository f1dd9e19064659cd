export type { AuthFunction, AuthorizedPeer, TokenAuthOptions } from "./options/auth.ts";
export { type DevelopmentTokenOptions, mintDevelopmentToken } from "./auth/development-key.ts";
export type { LimitOptions } from "./options/limits.ts";
export { consoleLogger, type Logger } from "../log/logger.ts";
export type { MailboxStats } from "./mailbox/mailbox.ts";
export type {
  ConsoleOptions,
  ForwarderTuningOptions,
  QuicpipeOptions,
  UpstreamOptions,
} from "./options/options.ts";
export type { TelemetryOptions } from "../telemetry/index.ts";
export { type CloseOptions, quicpipe, type Relay, type StatsPageRequest } from "./quicpipe.ts";
export type { PagedRelayStats, RelayStats } from "./stats/stats.ts";
export type { StatsEvent } from "./stats/events.ts";
