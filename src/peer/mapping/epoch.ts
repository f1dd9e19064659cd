import type { EpochTime, MappingService } from "./answers.ts";

/** The router's clock and this host's, in ms of `performance.now()`, at one answer. */
export interface EpochReading extends EpochTime {
  readonly atMs: number;
}

/**
 * Reports whether a router has lost its mappings between two answers: its seconds then start anew, and do not pass as ours
 * do. Clocks may differ by a sixteenth (RFC 6887 §8.5), or the router's be slow by an eighth (RFC 6886 §3.6).
 */
export function hasRestarted(service: MappingService, before: EpochReading, now: EpochReading): boolean {
  const ours = (now.atMs - before.atMs) / 1000;
  const routers = now.epochSeconds - before.epochSeconds;
  // UPnP tells no epoch.
  if (service === "upnp") return false;
  if (service === "nat-pmp") return routers + 2 < (ours * 7) / 8;
  return routers < -1 || routers + 2 < (ours * 15) / 16 || ours + 2 < (routers * 15) / 16;
}
