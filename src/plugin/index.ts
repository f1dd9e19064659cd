/** What the package offers of the plugin: `src/index.ts` exports all of it. */
export type { AuthFunction, AuthorizedPeer, TokenAuthOptions } from "./options/auth.ts";
export { type DevelopmentTokenOptions, mintDevelopmentToken } from "./auth/development-key.ts";
export type { InvitationStats } from "./invitations/invitations.ts";
export type { LimitOptions } from "./options/limits.ts";
export type { Logger } from "../log.ts";
export type { MailboxStats } from "./mailbox/mailbox.ts";
export type {
  ConsoleOptions,
  ForwarderTuningOptions,
  HealthOptions,
  HookedRegistration,
  MetricsOptions,
  QuicpipeOptions,
  RelayHooks,
  UpstreamOptions,
} from "./options/options.ts";
export type { TelemetryOptions } from "../telemetry/index.ts";
export { quicpipe } from "./quicpipe.ts";
export type { CloseOptions, ListenOptions, RegistrationsQuery, Relay } from "./relay.ts";
export {
  type RegistrationStats,
  type Scope,
  scopes,
  type StatsOrder,
  type TrafficRate,
} from "../protocol.ts";
export type { EndReason, Quota } from "../registry/index.ts";
export type {
  Backend,
  BackendChoice,
  DropReason,
  Path,
  SourcePolicy,
  StunOutcome,
  StunPolicy,
  StunPortOutcome,
  Traffic,
  XdpInterfaceOptions,
  XdpInterfaceStatus,
  XdpMode,
  XdpOption,
  XdpStatus,
} from "../forwarder/index.ts";
export type { RelayAddress, RelayStats } from "./stats/stats.ts";
