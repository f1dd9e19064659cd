/** A span as `programs/print-spans.ts` prints it. */
export interface PrintedSpan {
  readonly event: "span";
  readonly name: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly id: string;
  /** Empty for a root span. */
  readonly parentId: string;
}
