import type { Path, SessionId } from "../../forwarder/index.ts";
import type { TrafficRate } from "../../protocol.ts";

/** A reading of a session's counters. */
export interface Sample {
  /** Ordinal of the registration, as session numbers are reused. */
  readonly ordinal: number;
  /** Both directions. */
  readonly packets: number;
  readonly bytes: number;
  readonly packetsOffloaded: number;
  /** Time of the reading, by a clock that does not jump. */
  readonly atMs: number;
}

/** The rate of a session between two samples. */
export interface SessionRate extends TrafficRate {
  /** Forwarding path of its latest packets; `undefined` if none moved between two samples. */
  readonly path: Path | undefined;
  /** Time up to the latest sample without a packet, in ms: 0 if one moved since the sample before, and no more than was sampled. */
  readonly quietMs: number;
}

/** Columns of a table stored in a single array, without an object per session. */
const columns = {
  ordinal: 0,
  packets: 1,
  bytes: 2,
  packetsOffloaded: 3,
  atMs: 4,
  packetsPerSecond: 5,
  bytesPerSecond: 6,
  path: 7,
  quietFromMs: 8,
} as const;
const width = 9;
const paths: readonly (Path | undefined)[] = [undefined, "user", "kernel"];

/** The latest sample of each session, and its rate since the previous one: 72 bytes per session. */
export class RateTable {
  #rows = new Float64Array(0);

  /** Stores a sample. Computes the rate if the previous sample was of the same registration. */
  put(session: SessionId, { ordinal, packets, bytes, packetsOffloaded, atMs }: Sample): void {
    const at = session * width;
    if (at >= this.#rows.length) this.#grow(at + width);
    const rows = this.#rows;
    const seconds = rows[at] === ordinal ? Math.max(1, atMs - rows[at + columns.atMs]!) / 1000 : Number.NaN;
    const moved = packets - rows[at + columns.packets]!;
    rows[at + columns.packetsPerSecond] = Math.round(moved / seconds);
    rows[at + columns.bytesPerSecond] = Math.round((bytes - rows[at + columns.bytes]!) / seconds);
    // A first sample does not tell when packets moved last.
    if (Number.isNaN(seconds) || moved > 0) rows[at + columns.quietFromMs] = atMs;
    if (Number.isNaN(seconds)) rows[at + columns.path] = 0;
    else if (moved > 0)
      rows[at + columns.path] = packetsOffloaded > rows[at + columns.packetsOffloaded]! ? 2 : 1;
    rows[at] = ordinal;
    rows[at + columns.packets] = packets;
    rows[at + columns.bytes] = bytes;
    rows[at + columns.packetsOffloaded] = packetsOffloaded;
    rows[at + columns.atMs] = atMs;
  }

  /** Returns the rate of a registration's session; `undefined` until the second sample. */
  get(session: SessionId, ordinal: number): SessionRate | undefined {
    const at = session * width;
    const packetsPerSecond = this.#rows[at + columns.packetsPerSecond];
    if (this.#rows[at] !== ordinal || packetsPerSecond === undefined || Number.isNaN(packetsPerSecond))
      return undefined;
    const bytesPerSecond = this.#rows[at + columns.bytesPerSecond]!;
    const quietMs = this.#rows[at + columns.atMs]! - this.#rows[at + columns.quietFromMs]!;
    return { packetsPerSecond, bytesPerSecond, path: paths[this.#rows[at + columns.path]!], quietMs };
  }

  #grow(length: number): void {
    const rows = new Float64Array(Math.max(length, 2 * this.#rows.length, 64 * width));
    rows.set(this.#rows);
    this.#rows = rows;
  }
}
