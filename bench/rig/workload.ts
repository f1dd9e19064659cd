import { randomFillSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cidBytes } from "../../src/wire/connection-id.ts";

/** Order of the connection IDs: 16 packets for each in turn, or random. */
export type PacketOrder = "burst16" | "random";

/** The load's packets and their destinations. */
export interface Workload {
  readonly order: PacketOrder;
  /** Number of sessions. Each has a port of its own at the sink. */
  readonly sessions: number;
  readonly cidsPerSession: number;
}

/** Sink port of the first session. */
export const firstSinkPort = 20_000;

/**
 * Returns the connection IDs of a workload, back to back, session by session. The last two bytes of each are the port of
 * its session, for the control, which has no table. The other bytes are random.
 */
export function createConnectionIds({ sessions, cidsPerSession }: Workload): Uint8Array {
  const cids = Buffer.alloc(sessions * cidsPerSession * cidBytes);
  randomFillSync(cids);
  for (let i = 0; i < sessions * cidsPerSession; i++) {
    cids[i * cidBytes]! &= 0x7f;
    cids.writeUInt16BE(firstSinkPort + Math.floor(i / cidsPerSession), (i + 1) * cidBytes - 2);
  }
  return cids;
}

/** A file shared by the processes of a row. */
export interface SharedFile extends Disposable {
  readonly path: string;
}

/** Writes a file in a temporary directory of its own. The caller disposes of it. */
export function shareFile(bytes: Uint8Array | string): SharedFile {
  const directory = mkdtempSync(join(tmpdir(), "quicpipe-bench-"));
  const path = join(directory, "shared");
  writeFileSync(path, bytes);
  return { path, [Symbol.dispose]: () => rmSync(directory, { recursive: true }) };
}
