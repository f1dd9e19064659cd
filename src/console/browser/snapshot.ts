import type { TrafficRate } from "../../protocol.ts";

/** What the console reads of a relay's figures. The relay sends more. */
export interface Totals {
  readonly backend: string;
  readonly backendReason: string;
  readonly address: { readonly address: string; readonly port: number };
  readonly registrations: number;
  readonly cids: number;
  readonly relayed: { readonly packets: number; readonly bytes: number };
  readonly dropped: Readonly<Record<string, number>>;
  readonly mailbox: {
    readonly queued: number;
    readonly taken: number;
    readonly expired: number;
    readonly recalled: number;
  };
  readonly waiters: number;
  readonly orphans: number;
  readonly xdp: {
    readonly state: "on" | "off";
    readonly reason: string;
    readonly interfaces: readonly {
      readonly name: string;
      readonly state: string;
      readonly reason: string;
    }[];
    readonly refusedRoutes: number;
  };
}

/** The data of an event `stats`. */
export interface Snapshot {
  /** RFC 3339 time. */
  readonly at: string;
  readonly totals: Totals;
  /** By who forwards; `null` until the relay has taken its second sample. */
  readonly rates: { readonly kernel: TrafficRate; readonly user: TrafficRate } | null;
}
