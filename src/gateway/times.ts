import * as defaults from "../defaults.ts";

/** The times after which a door of the gateway ends what goes nowhere, in ms. */
export interface GatewayTimes {
  /** Until the header fields of a request are there. */
  readonly headersTimeoutMs: number;
  /** How long a connection may be without requests. */
  readonly idleTimeoutMs: number;
  /** From when on a request that waits for the app has to have a place among its source's long waits. */
  readonly longWaitMs: number;
}

/** The times that every door has unless it is told otherwise. */
export const gatewayTimes: GatewayTimes = {
  headersTimeoutMs: defaults.headersTimeoutMs,
  idleTimeoutMs: defaults.gatewayConnectionIdleMs,
  longWaitMs: defaults.longWaitMs,
};
