import type { Place } from "./place.ts";

/** Addresses of the benchmark, which exist only in its box. */
export interface Addresses {
  /** Where the load comes from. */
  readonly client: string;
  /** Where it goes to. */
  readonly relay: string;
  /** Where the sessions are, each at a port of its own. */
  readonly sink: string;
}

/** Where a contest takes place: the way from the load by the forwarder to the sink. */
export interface Ground {
  readonly addresses: Addresses;
  readonly sinkPlace: Place;
  /** How much more a forwarder is loaded with than it was seen to manage, so that it has always something to do. */
  readonly overload: number;
  /** Lets datagrams through to the sink's sockets, one by one. */
  openSink(): void;
  /** Counts datagrams where they arrive, and drops them. */
  closeSink(): void;
  /** Datagrams of this size that were counted so far. */
  arrived(datagramBytes: number): number;
  /** CPU time that a forwarder has taken so far, given its process, in ns. */
  spentNs(pid: number): number;
}
