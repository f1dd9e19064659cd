/** The extent of a run. */
export interface Extent {
  readonly isShort: boolean;
  /** Whether to keep new inputs that the fuzzers find. */
  readonly keepsCorpus: boolean;
}
