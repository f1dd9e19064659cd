export {
  QuicpipeError,
  type QuicpipeErrorCode,
  type QuicpipeErrorOptions,
  isQuicpipeError,
} from "./errors.ts";
export {
  type CloseOptions,
  type ConsoleOptions,
  type DevelopmentTokenOptions,
  type ForwarderTuningOptions,
  type LimitOptions,
  type Logger,
  type MailboxStats,
  type QuicpipeOptions,
  type Relay,
  type PagedRelayStats,
  type RelayStats,
  type StatsPageRequest,
  type TelemetryOptions,
  type AuthFunction,
  type AuthorizedPeer,
  type TokenAuthOptions,
  type UpstreamOptions,
  mintDevelopmentToken,
  quicpipe,
} from "./plugin/index.ts";
export type { Address } from "./wire/address.ts";
