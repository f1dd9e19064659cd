import type { DropReason, StunOutcome } from "./contract.ts";

/** The totals of all parts of the data plane. */
export interface Counters {
  readonly relayed: { packets: number; bytes: number };
  readonly gateway: { packetsIn: number; packetsOut: number; givenUp: number };
  readonly dropped: Record<DropReason, number>;
  readonly stun: Record<StunOutcome, number>;
}

/** Returns counters at zero. */
export function createCounters(): Counters {
  return {
    relayed: { packets: 0, bytes: 0 },
    gateway: { packetsIn: 0, packetsOut: 0, givenUp: 0 },
    dropped: {
      empty: 0,
      "source-unregistered": 0,
      "rate-limited": 0,
      "source-is-destination": 0,
      "session-expired": 0,
      "no-address": 0,
      "no-route": 0,
      "initial-route-taken": 0,
      "send-failed": 0,
      "send-buffer-full": 0,
      "no-upstream": 0,
      "gateway-no-opening": 0,
      "gateway-full": 0,
      "gateway-rate": 0,
      "gateway-share": 0,
      "gateway-stranger-rate": 0,
      "gateway-share-rate": 0,
      "gateway-send-failed": 0,
      "gateway-too-long": 0,
      "gateway-stray": 0,
      "stun-unanswered": 0,
    },
    stun: {
      answered: 0,
      repeated: 0,
      unmoved: 0,
      challenged: 0,
      outdated: 0,
      rejected: 0,
      malformed: 0,
      "too-short": 0,
      anonymous: 0,
      "rate-limited": 0,
      flooded: 0,
      "over-share": 0,
      overloaded: 0,
    },
  };
}
