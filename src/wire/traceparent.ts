import { ownText } from "../own-memory.ts";

/** A position in a trace, as in the `traceparent` header (W3C Trace Context §3.2). */
export interface TraceParent {
  /** 32 lower-case hex digits, not all zero. */
  readonly traceId: string;
  /** 16 lower-case hex digits, not all zero. */
  readonly spanId: string;
  /** Bit 0: the caller records its part. */
  readonly traceFlags: number;
}

/** Longest `traceparent` parsed, in characters. Leaves room for the additional fields of a later version. */
const maxChars = 128;
const pattern = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/;

/** Parses a `traceparent`; `undefined` if it is not one. The known fields of a later version are read (§3.2.4). */
export function parseTraceparent(text: string | null | undefined): TraceParent | undefined {
  if (!text || text.length > maxChars) return undefined;
  const [whole, traceId, spanId, flags] = pattern.exec(ownText(text)) ?? [];
  // Version 00 has exactly these fields.
  if (!whole || !traceId || !spanId || (whole.startsWith("00") && whole.length !== 55)) return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags!, 16) };
}

/** Encodes a `traceparent` of version 00. */
export function encodeTraceparent({ traceId, spanId, traceFlags }: TraceParent): string {
  // §3.2.2.5: unknown flags are sent as zero. 1 is "sampled", 2 "random-trace-id" (level 2).
  return `00-${traceId}-${spanId}-${(traceFlags & 3).toString(16).padStart(2, "0")}`;
}
