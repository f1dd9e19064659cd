import type { RowResult } from "./row.ts";

/** A target for one figure. */
export interface Goal {
  readonly about: string;
  readonly target: number;
  /** Whether the target is a lower or an upper bound. */
  readonly bound: "at least" | "at most";
}

/** A goal and its outcome in one run. */
export interface GoalResult extends Goal {
  readonly value: number;
  readonly isMet: boolean;
}

type Measure = (rows: ReadonlyMap<string, RowResult>) => number | undefined;

const goals: readonly (Goal & { readonly measure: Measure })[] = [
  atLeast(0.85, "native of the control, bursts", ratio("native/burst16-64")),
  atLeast(0.7, "native of the control, random", ratio("native/random-100k")),
  atLeast(7, "native over dgram, bursts", multiple("native/burst16-64", "dgram/burst16-64")),
  atLeast(
    7,
    "native over dgram, bursts, segments cut by the kernel",
    multiple("native/burst16-64-cut", "dgram/burst16-64"),
  ),
  atLeast(2, "native over dgram, random", multiple("native/random-100k", "dgram/random-100k")),
  atLeast(5, "native over coturn, bursts", multiple("native/burst16-64", "coturn/burst16-64")),
  atLeast(
    5,
    "native over coturn, bursts, segments cut by the kernel",
    multiple("native/burst16-64-cut", "coturn/burst16-64"),
  ),
  atLeast(
    5,
    "native over coturn as turnutils_uclient counts, bursts",
    multiple("native/burst16-64", "coturn/uclient"),
  ),
  atLeast(
    2,
    "native over coturn as turnutils_uclient counts, random",
    multiple("native/random-100k", "coturn/uclient"),
  ),
  atLeast(2, "native over coturn, random", multiple("native/random-100k", "coturn/random")),
  atLeast(0.97, "native with telemetry of native without, random", ratio("telemetry/overhead")),
  atLeast(0.75, "XDP of the reflector, packets of the stack, 64 CIDs", ratio("xdp-skb/64")),
  atLeast(0.75, "XDP of the reflector, frames, 64 CIDs", ratio("xdp-frames/64")),
  atLeast(
    1.1,
    "XDP over native, packets of the stack, random",
    multiple("xdp-skb/random-100k", "native-skb/random-100k"),
  ),
  atLeast(
    5,
    "XDP on frames over native on packets of the stack, random",
    multiple("xdp-frames/random-100k", "native-skb/random-100k"),
  ),
  atMost(128, "maps of the XDP program, bytes per CID", figure("xdp/map-memory")),
  atLeast(0.85, "splice of direct, HTTP/3 download", ratio("splice/http3-download")),
  atMost(64, "route table, bytes per CID", figure("native/table-1m")),
  atMost(1000, "registration to first packet, µs", figure("native/visible")),
  atMost(10, "longest turn while 100 000 registrations expire, ms", figure("native/expiry")),
  atMost(50, "one sample of 100 000 registrations, ms", figure("native/sampling")),
  atMost(10, "longest turn while 100 000 registrations are searched, ms", figure("native/search")),
  atMost(500, "SIGTERM to HTTP/3 clients that know of it, ms", figure("gateway/closing")),
  atMost(1.3, "a handshake and a registration of 32 IDs, of a plain route", ratio("control/register")),
  atMost(2, "a registration of 256 IDs, of one of 1", ratio("control/register-256")),
  atMost(1.2, "a message sent and taken, of two plain requests", ratio("control/mailbox")),
  atLeast(1.5, "one stream between peers, relative to the former engine", ratio("peer/stream")),
  atMost(0.5, "processor time of the dialer, relative to the former engine", ratio("peer/stream-dialer")),
  atMost(0.5, "processor time of the accepter, relative to the former engine", ratio("peer/stream-accepter")),
  atLeast(0.6, "one stream between peers of the engine in Rust alone", ratio("peer/stream-of-rust")),
  // As fast, within the noise of a run.
  atLeast(0.95, "16 streams between peers of one stream", ratio("peer/streams-16")),
  atLeast(99, "datagrams that arrive of 100 000 a second, thousands", figure("peer/datagrams")),
  atMost(0, "datagrams of 1000 that an accepter drops at 100 000 a second", figure("peer/datagrams-dropped")),
  atMost(0.5, "dial, relative to the former engine", ratio("peer/dial")),
  atMost(2, "1000 idle connections in an accepter, % of a core", figure("peer/idle")),
  atMost(40, "an idle connection, kB", figure("peer/idle-memory")),
  atMost(3, "the dearer end of quicpipe dial and accept, of socat's", ratio("cli/transfer")),
  atMost(3, "the relay between them, of socat's dearer end", ratio("cli/transfer-relay")),
  atMost(250, "ready to direct, ms", figure("path/upgrade")),
  atMost(500, "stall when a direct way dies, 8 MB/s, 20 ms, p95, ms", figure("path/fallback-20ms-p95")),
  atMost(500, "the same at 0.1 MB/s", figure("path/fallback-20ms-slow-p95")),
  atMost(500, "stall when a direct way dies, 8 MB/s, 150 ms, p95, ms", figure("path/fallback-150ms-p95")),
  atMost(500, "the same at 0.1 MB/s", figure("path/fallback-150ms-slow-p95")),
  atLeast(
    0.8,
    "one stream on a direct path of the engine in Rust alone",
    ratio("path/direct-stream-of-rust"),
  ),
  atMost(50, "an idle connection with a direct path, B/s", figure("path/idle")),
  atMost(35, "the same, parked, B/s", figure("path/idle-parked")),
];

/** Judges the rows of a run by the goals. Omits goals whose rows did not run. */
export function judge(rows: readonly RowResult[]): GoalResult[] {
  const byName = new Map(rows.map((row) => [row.name, row]));
  return goals.flatMap(({ measure, ...goal }) => {
    const value = measure(byName);
    if (value === undefined) return [];
    const isMet = goal.bound === "at least" ? value >= goal.target : value <= goal.target;
    return [{ ...goal, value: Number(value.toFixed(3)), isMet }];
  });
}

function atLeast(target: number, about: string, measure: Measure): Goal & { readonly measure: Measure } {
  return { about, target, bound: "at least", measure };
}

function atMost(target: number, about: string, measure: Measure): Goal & { readonly measure: Measure } {
  return { about, target, bound: "at most", measure };
}

function ratio(name: string): Measure {
  return (rows) => rows.get(name)?.ratio;
}

function figure(name: string): Measure {
  return (rows) => rows.get(name)?.subject.median;
}

/** Returns how many times as fast one backend is as another. */
function multiple(name: string, other: string): Measure {
  return (rows) => {
    const [over, under] = [rows.get(name), rows.get(other)];
    return over && under && over.subject.median / under.subject.median;
  };
}
