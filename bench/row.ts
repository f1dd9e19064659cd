import type { Network } from "./rig/machine/network.ts";

/** The length of a measurement. */
export interface Effort {
  /** Rounds for each of control and subject, in turn. */
  readonly rounds: number;
  /** Rounds at the start that do not count. */
  readonly warmUpRounds: number;
  readonly roundMs: number;
  /** Size of one download. */
  readonly downloadBytes: number;
  /** Rounds of what takes a second each. */
  readonly longRounds: number;
  /** Size of what peers send in one round. */
  readonly transferBytes: number;
  /** Number of connections that are idle at a time. */
  readonly idleConnections: number;
  /** How long the traffic of an idle connection is counted, in ms. */
  readonly idleMs: number;
  /** Whether to wait the two minutes after which an idle connection lets its direct path sleep. */
  readonly parks: boolean;
  /** How many times a direct way dies. */
  readonly cuts: number;
}

/** Several measurements of one quantity: the median, the smallest and the largest. */
export interface Figure {
  readonly median: number;
  readonly range: readonly [number, number];
}

/** The ways that a sender's packets take, from a time on, in ms. */
export interface Leg {
  readonly fromMs: number;
  readonly ways: "relay" | "direct" | "both";
}

/** How a load arrives over time, and what happens meanwhile. Times are in ms since it began. */
export interface Course {
  readonly binMs: number;
  /** MB/s in each bin from the first on. */
  readonly rates: readonly number[];
  readonly legs: readonly Leg[];
  readonly marks: readonly { readonly atMs: number; readonly text: string }[];
}

/** The result of one row. */
export interface RowResult {
  readonly name: string;
  /** `kpps/core`: packets forwarded per ms of the forwarder's CPU time, that is, thousands per second and core. */
  readonly unit:
    | "kpps/core"
    | "ns/packet"
    | "MB/s"
    /** Time of a processor for a gigabyte. */
    | "s/GB"
    | "thousand/s"
    | "‰"
    | "bytes/CID"
    | "kB/connection"
    | "% of a core"
    | "B/s"
    | "µs"
    | "ms";
  readonly subject: Figure;
  /** The figure of the control in the same run, if the row has one. */
  readonly control?: Figure & { readonly name: string };
  /** Median of subject divided by control, round by round; the only figure to compare between machines. */
  readonly ratio?: number;
  readonly rounds: number;
  /** What a picture is drawn of. */
  readonly course?: Course;
}

/** A row that could not run. */
export interface SkippedRow {
  readonly name: string;
  /** The reason. */
  readonly skipped: string;
}

/** The environment of a row. */
export interface Lab {
  /** The network of the benchmark, or the reason why there is none. */
  readonly network: Network | { readonly refusal: string };
  readonly effort: Effort;
  /** Receives a line for each step. */
  readonly progress: (line: string) => void;
}

/** One comparison of the benchmark. */
export interface Row {
  readonly name: string;
  /** Describes the comparison in one line. */
  readonly about: string;
  /** Returns one result, or several of one measurement, of which the first has the row's name. */
  run(lab: Lab): Promise<RowResult | SkippedRow | readonly RowResult[]>;
}
