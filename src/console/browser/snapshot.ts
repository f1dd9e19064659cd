import type { TrafficRate } from "../../protocol.ts";

/** The part of a relay's figures that the console reads. */
export interface Totals {
  readonly backend: string;
  readonly backendReason: string;
  readonly address: { readonly address: string; readonly port: number; readonly stunPort?: number };
  readonly registrations: number;
  readonly cids: number;
  readonly relayed: { readonly packets: number; readonly bytes: number };
  readonly stunPort: { readonly answered: number } | null;
  readonly dropped: Readonly<Record<string, number>>;
  readonly mailbox: {
    readonly queued: number;
    readonly taken: number;
    readonly expired: number;
    readonly refused: number;
    readonly recalled: number;
  };
  readonly waiters: number;
  readonly unclaimed: number;
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

/** Data of the event `stats`. */
export interface Snapshot {
  /** RFC 3339. */
  readonly at: string;
  readonly totals: Totals;
  /** Rates by forwarding path; `null` until the relay's second sample. */
  readonly rates: { readonly kernel: TrafficRate; readonly user: TrafficRate } | null;
}
