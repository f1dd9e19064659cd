import type { Network } from "./rig/network.ts";

/** How long to measure. */
export interface Effort {
  /** Rounds of each, control and subject in turn. */
  readonly rounds: number;
  /** Rounds at the start that do not count. */
  readonly warmUpRounds: number;
  readonly roundMs: number;
  /** Bytes of one download. */
  readonly downloadBytes: number;
}

/** Some measurements of one thing: their median, the smallest and the largest. */
export interface Figure {
  readonly median: number;
  readonly range: readonly [number, number];
}

/** The result of one row. */
export interface RowResult {
  readonly name: string;
  /** `kpps/core`: packets forwarded per ms of the forwarder's CPU time, which are thousands per second and core. */
  readonly unit: "kpps/core" | "ns/packet" | "MB/s" | "bytes/CID" | "µs" | "ms";
  readonly subject: Figure;
  /** The same for the control of this run, where there is one. */
  readonly control?: Figure & { readonly name: string };
  /** Median of subject by control, round by round; the only figure to compare between machines. */
  readonly ratio?: number;
  readonly rounds: number;
}

/** A row that could not run. */
export interface SkippedRow {
  readonly name: string;
  /** Why. */
  readonly skipped: string;
}

/** What rows run in. */
export interface Lab {
  /** The network of the benchmark, or why there is none. */
  readonly network: Network | { readonly refusal: string };
  readonly effort: Effort;
  /** Gets a line for each step. */
  readonly progress: (line: string) => void;
}

/** One comparison that the benchmark can make. */
export interface Row {
  readonly name: string;
  /** What is compared, in one line. */
  readonly about: string;
  run(lab: Lab): Promise<RowResult | SkippedRow>;
}
