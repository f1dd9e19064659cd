import type { RegistrationStats as Session } from "../../../protocol.ts";

/** A sortable column of the table. */
export type Column =
  | "subject"
  | "address"
  | "path"
  | "packetRate"
  | "byteRate"
  | "quiet"
  | "from"
  | "to"
  | "dropped"
  | "expires";

const keys: Readonly<Record<Column, (session: Session) => string | number>> = {
  subject: ({ subject }) => subject,
  address: ({ address }) => address ?? "",
  path: ({ path }) => path,
  packetRate: ({ rate }) => rate?.packetsPerSecond ?? 0,
  byteRate: ({ rate }) => rate?.bytesPerSecond ?? 0,
  quiet: ({ quietMs }) => quietMs ?? 0,
  from: ({ bytesFrom }) => bytesFrom,
  to: ({ bytesTo }) => bytesTo,
  dropped: droppedOf,
  expires: ({ expiresAt }) => Date.parse(expiresAt),
};

/** A column and direction to sort by. */
export interface Order {
  readonly column: Column;
  readonly direction: "ascending" | "descending";
}

const collator = new Intl.Collator(undefined, { numeric: true });

/** Returns the sessions in an order; without one, as the relay sent them. */
export function sorted(sessions: readonly Session[], order: Order | undefined): readonly Session[] {
  if (!order) return sessions;
  const sign = order.direction === "ascending" ? 1 : -1;
  return sessions.toSorted((a, b) => sign * compare(keys[order.column](a), keys[order.column](b)));
}

/** Returns the order after a click on a column. Numbers start with the largest, names with A; the third click removes the order. */
export function nextOrder(order: Order | undefined, column: Column): Order | undefined {
  const first = ["subject", "address", "path", "expires"].includes(column) ? "ascending" : "descending";
  if (order?.column !== column) return { column, direction: first };
  if (order.direction !== first) return undefined;
  return { column, direction: first === "ascending" ? "descending" : "ascending" };
}

/** Returns the number of dropped datagrams of a session, for all reasons. */
export function droppedOf({ dropped }: Session): number {
  return Object.values(dropped).reduce((sum, count) => sum + count, 0);
}

function compare(a: string | number, b: string | number): number {
  return typeof a === "number" && typeof b === "number" ? a - b : collator.compare(String(a), String(b));
}
