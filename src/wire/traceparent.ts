/** Where a piece of work stands in a trace, as the header `traceparent` says it (W3C Trace Context §3.2). */
export interface TraceParent {
  /** 32 lower-case hex digits, not all zero. */
  readonly traceId: string;
  /** 16 lower-case hex digits, not all zero. */
  readonly spanId: string;
  /** Bit 0: the caller records its part. */
  readonly traceFlags: number;
}

/** Longest `traceparent` that is looked at, in characters: a version with more fields, and no more. */
const maxChars = 128;
const pattern = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/;

/** Reads a `traceparent`; `undefined` for what is none. A later version is read as far as it is known (§3.2.4). */
export function parseTraceparent(text: string | null | undefined): TraceParent | undefined {
  if (!text || text.length > maxChars) return undefined;
  const [whole, traceId, spanId, flags] = pattern.exec(text) ?? [];
  // Version 00 has exactly these fields.
  if (!whole || !traceId || !spanId || (whole.startsWith("00") && whole.length !== 55)) return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags!, 16) };
}

/** Writes a `traceparent` of version 00. */
export function encodeTraceparent({ traceId, spanId, traceFlags }: TraceParent): string {
  // §3.2.2.5: flags that are not known are sent as zero; 1 is "sampled", 2 "random-trace-id" (level 2).
  return `00-${traceId}-${spanId}-${(traceFlags & 3).toString(16).padStart(2, "0")}`;
}
