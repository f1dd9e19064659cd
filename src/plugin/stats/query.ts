import { QuicpipeError } from "../../errors.ts";
import { maxNameBytes, maxStatsLimit, type StatsOrder } from "../../protocol.ts";

/** A position in the order of registrations, after which a page begins. */
export interface Place {
  /** Set only for the order by rate. */
  readonly bytesPerSecond: number;
  readonly ordinal: number;
}

/** A query for registrations. */
export interface StatsQuery {
  /** 0 for the totals alone. */
  readonly limit: number;
  readonly order: StatsOrder;
  readonly after: Place | undefined;
  /** Text to find in subject or address, in lower case; empty for all. */
  readonly filter: string;
}

/**
 * Parses a query. What is absent has its default.
 *
 * @param text.after the `next` of the previous page.
 * @throws ERR_QUICPIPE_QUERY_INVALID
 */
export function statsQuery(
  text: Readonly<Partial<Record<keyof StatsQuery, string | undefined>>>,
): StatsQuery {
  const { limit = "0", order = "registered", after, filter = "" } = text;
  if (order !== "registered" && order !== "rate") throw invalid("order", "registered or rate");
  if (Buffer.byteLength(filter) > maxNameBytes) throw invalid("filter", `at most ${maxNameBytes} bytes long`);
  return {
    limit: requireLimit(limit),
    order,
    after: requirePlace(after, order),
    filter: filter.toLowerCase(),
  };
}

function requireLimit(text: string): number {
  if (/^\d{1,4}$/.test(text) && Number(text) <= maxStatsLimit) return Number(text);
  throw invalid("limit", `a whole number from 0 to ${maxStatsLimit}`);
}

/** Parses the `next` of the previous page. */
function requirePlace(text: string | undefined, order: StatsOrder): Place | undefined {
  if (text === undefined) return undefined;
  const [, bytesPerSecond = "0", ordinal] = placePatterns[order].exec(text) ?? [];
  if (ordinal === undefined) throw invalid("after", "the next of another page in the same order");
  return { bytesPerSecond: Number(bytesPerSecond), ordinal: Number(ordinal) };
}

const placePatterns: Readonly<Record<StatsOrder, RegExp>> = {
  registered: /^()(\d{1,15})$/,
  rate: /^(\d{1,15})-(\d{1,15})$/,
};

/** Formats a place for {@link requirePlace}. */
export function formatPlace({ bytesPerSecond, ordinal }: Place, order: StatsOrder): string {
  return order === "rate" ? `${bytesPerSecond}-${ordinal}` : String(ordinal);
}

function invalid(name: string, allowed: string): QuicpipeError {
  return new QuicpipeError("ERR_QUICPIPE_QUERY_INVALID", `"${name}" in the query must be ${allowed}`);
}
