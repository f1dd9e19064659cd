/** How long to measure. */
export interface Effort {
  /** Rounds of each, control and subject in turn. */
  readonly rounds: number;
  /** Rounds at the start that do not count. */
  readonly warmUpRounds: number;
  readonly roundMs: number;
}

/** The result of one row; figures are medians over its rounds. */
export interface RowResult {
  readonly name: string;
  /** Packets forwarded per ms of CPU time of the forwarding process: thousands per second and core. */
  readonly kppsPerCore: number;
  /** The same for the control of this run. */
  readonly control: number;
  /** `kppsPerCore / control`; the only figure to compare between machines. */
  readonly ratio: number;
  readonly controlName: string;
  readonly packetBytes: number;
  readonly rounds: number;
  /** Smallest and largest `kppsPerCore` of the rounds, subject then control. */
  readonly range: { readonly subject: readonly number[]; readonly control: readonly number[] };
}

/** One comparison that the benchmark can make. */
export interface Row {
  readonly name: string;
  /** What is compared, in one line. */
  readonly about: string;
  /** Runs it; `progress` gets a line for each step. */
  run(effort: Effort, progress: (line: string) => void): Promise<RowResult>;
}
