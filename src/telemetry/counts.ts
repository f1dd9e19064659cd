import type { RelayFigures } from "./contract.ts";
import type { CounterName, LevelName } from "./names.ts";

/** A value for each series of each counter. */
export type Counts = Readonly<Record<CounterName, Readonly<Record<string, number>>>>;

/** Zero counts. */
export const noCounts: Counts = {
  "quicpipe.relay.io": {},
  "quicpipe.relay.packets": {},
  "quicpipe.relay.dropped": {},
  "quicpipe.mailbox.messages": {},
};

/** Returns the counter values of a relay. */
export function countsOf({ traffic, dropped, messages }: RelayFigures): Counts {
  return {
    "quicpipe.relay.io": mapped(traffic, ({ bytes }) => bytes),
    "quicpipe.relay.packets": mapped(traffic, ({ packets }) => packets),
    "quicpipe.relay.dropped": dropped,
    "quicpipe.mailbox.messages": messages,
  };
}

/** Returns the level values of a relay. */
export function levelsOf({ registrations, queuedMessages }: RelayFigures): Record<LevelName, number> {
  return { "quicpipe.registration.active": registrations, "quicpipe.mailbox.queued": queuedMessages };
}

/** Adds `times` times the other counts to `one`, series by series. */
export function combine(one: Counts, other: Counts, times: 1 | -1): Counts {
  const sumOf = (counter: CounterName): Record<string, number> => {
    const sum = { ...one[counter] };
    for (const [name, count] of Object.entries(other[counter])) sum[name] = (sum[name] ?? 0) + times * count;
    return sum;
  };
  return {
    "quicpipe.relay.io": sumOf("quicpipe.relay.io"),
    "quicpipe.relay.packets": sumOf("quicpipe.relay.packets"),
    "quicpipe.relay.dropped": sumOf("quicpipe.relay.dropped"),
    "quicpipe.mailbox.messages": sumOf("quicpipe.mailbox.messages"),
  };
}

function mapped<From, To>(
  record: Readonly<Record<string, From>>,
  map: (value: From) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]));
}
