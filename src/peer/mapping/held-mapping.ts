import * as defaults from "../../defaults/index.ts";
import type { Address } from "../../wire/address.ts";
import type { EpochTime, GrantedMapping, LookAnswer } from "./answers.ts";
import { type EpochReading, hasRestarted } from "./epoch.ts";
import type { MappingProtocol } from "./protocols.ts";

/** A mapping that a router has granted. Times are in ms of one clock. */
export class HeldMapping {
  readonly protocol: MappingProtocol;
  readonly address: Address;
  readonly #renewAtMs: number;
  readonly #endsAtMs: number;
  /** The latest. */
  #epoch: EpochReading;

  constructor(
    protocol: MappingProtocol,
    { address, lifetimeSeconds, epochSeconds }: GrantedMapping,
    nowMs: number,
  ) {
    this.protocol = protocol;
    this.address = address;
    const lifetimeMs = Math.min(lifetimeSeconds * 1000, defaults.maxMappingLifetimeMs);
    this.#endsAtMs = nowMs + lifetimeMs;
    this.#renewAtMs = nowMs + Math.max(lifetimeMs / 2, defaults.minMappingRenewalMs);
    this.#epoch = { epochSeconds, atMs: nowMs };
  }

  hasEnded(nowMs: number): boolean {
    return nowMs >= this.#endsAtMs;
  }

  isDue(nowMs: number): boolean {
    return nowMs >= this.#renewAtMs;
  }

  /** Takes what the router says of itself, and reports whether it has lost the mapping, or its address. */
  isLost(state: LookAnswer, nowMs: number): boolean {
    if (state.kind !== "state") return true;
    const { externalAddress = this.address.address } = state;
    return this.#hasRestarted(state, nowMs) || externalAddress !== this.address.address;
  }

  /** Time until the router is asked something again. */
  waitMs(nowMs: number): number {
    return Math.min(this.#renewAtMs - nowMs, defaults.routerLookMs);
  }

  /** The same after a renewal that failed: half of what is left (RFC 6887 §11.2.1), and no more often than is polite. */
  retryMs(nowMs: number): number {
    const leftMs = this.#endsAtMs - nowMs;
    return Math.min(Math.max(leftMs / 2, defaults.minMappingRenewalMs), leftMs, defaults.mappingRetryMs);
  }

  #hasRestarted({ epochSeconds }: EpochTime, atMs: number): boolean {
    const before = this.#epoch;
    this.#epoch = { epochSeconds, atMs };
    return hasRestarted(this.protocol.service, before, this.#epoch);
  }
}
