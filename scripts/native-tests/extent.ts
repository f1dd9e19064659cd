/** What a run is asked for. */
export interface Extent {
  readonly isShort: boolean;
  /** Whether what the fuzzers find new is kept. */
  readonly keepsCorpus: boolean;
}
