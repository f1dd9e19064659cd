/** One thing that was looked at. */
export interface Finding {
  /** `"problem"`: nothing is forwarded in the kernel while that is so; `"hint"`: it could be better. */
  readonly level: "ok" | "hint" | "problem";
  /** `addon`, `kernel`, `privileges`, `jit`, `pin`, an interface, or, at the end, `xdp`: what comes of it all. */
  readonly subject: string;
  /** What was found, without full stop. */
  readonly sentence: string;
  /** Commands and settings, any one of which would make it better. */
  readonly remedies: readonly string[];
}
