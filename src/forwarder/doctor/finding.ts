/** One result of a diagnosis. */
export interface Finding {
  /** `"problem"`: nothing is forwarded in the kernel while it lasts; `"hint"`: it could be better. */
  readonly level: "ok" | "hint" | "problem";
  /** `addon`, `kernel`, `privileges`, `jit`, `pin`, an interface, `interfaces` as a whole, or, at the end, `xdp`: the conclusion. */
  readonly subject: string;
  /** The result, without a full stop. */
  readonly sentence: string;
  /** Commands and settings, any one of which would improve it. */
  readonly remedies: readonly string[];
}

/** Returns a finding, with the remedies that it has. */
export function finding(
  level: Finding["level"],
  subject: string,
  sentence: string,
  ...remedies: readonly string[]
): Finding {
  return { level, subject, sentence, remedies };
}
