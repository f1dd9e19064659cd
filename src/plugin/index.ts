export type { TokenAuthOptions } from "./auth-settings.ts";
export { type DevelopmentTokenOptions, mintDevelopmentToken } from "./development-key.ts";
export type { LimitOptions } from "./limits.ts";
export type { Logger } from "./logger.ts";
export type { MailboxStats } from "./mailbox.ts";
export type { ForwarderTuningOptions, QuicpipeOptions, UpstreamOptions } from "./options.ts";
export { type CloseOptions, quicpipe, type Relay } from "./quicpipe.ts";
export type { RelayStats } from "./stats.ts";
