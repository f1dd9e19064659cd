import type { Namespace } from "./namespace.ts";

/** Addresses of the benchmark. They exist only in its sandbox. */
export interface Addresses {
  /** Source of the load. */
  readonly client: string;
  /** Destination of the load. */
  readonly relay: string;
  /** Address of the sessions, each at a port of its own. */
  readonly sink: string;
}

/** The path of a comparison: from the load through the forwarder to the sink. */
export interface Link {
  readonly addresses: Addresses;
  readonly sinkNamespace: Namespace;
  /** Load in a round, relative to the highest rate forwarded so far. Above 1, so that the forwarder is always busy. */
  readonly overload: number;
  /** Delivers datagrams to the sink's sockets, one by one. */
  openSink(): void;
  /** Counts datagrams on arrival and drops them. */
  closeSink(): void;
  /** Number of datagrams of this size counted so far. */
  arrived(datagramBytes: number): number;
  /** CPU time used so far by the forwarder with this process ID, in ns. */
  spentNs(pid: number): number;
}
