/** What `quicpipe top` reads: the statistics over HTTP, and the rates between two of them. */
export { type PathRates, type PathSample, pathRates } from "./rates.ts";
export type { PagedRelayStats } from "./stats.ts";
