import { randomFillSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cidBytes } from "../../src/wire/connection-id.ts";

/** In which order the connection IDs follow each other: 16 packets for each in its turn, or as chance has it. */
export type PacketOrder = "burst16" | "random";

/** What the load sends, and where it is to arrive. */
export interface Course {
  readonly order: PacketOrder;
  /** Sessions to send to. Each has a port of its own at the sink. */
  readonly sessions: number;
  readonly cidsPerSession: number;
}

/** First port of the sessions at the sink. */
export const firstSinkPort = 20_000;

/**
 * The connection IDs of a course, back to back, session by session. The last two bytes of each are the port of its
 * session, for the control, which has no table; the rest is random.
 */
export function createConnectionIds({ sessions, cidsPerSession }: Course): Uint8Array {
  const cids = Buffer.alloc(sessions * cidsPerSession * cidBytes);
  randomFillSync(cids);
  for (let i = 0; i < sessions * cidsPerSession; i++) {
    cids[i * cidBytes]! &= 0x7f;
    cids.writeUInt16BE(firstSinkPort + Math.floor(i / cidsPerSession), (i + 1) * cidBytes - 2);
  }
  return cids;
}

/** A file that the processes of a row share. */
export interface SharedFile extends Disposable {
  readonly path: string;
}

/** Writes a file in a directory of its own; the caller disposes of it. */
export function shareFile(bytes: Uint8Array | string): SharedFile {
  const directory = mkdtempSync(join(tmpdir(), "quicpipe-bench-"));
  const path = join(directory, "shared");
  writeFileSync(path, bytes);
  return { path, [Symbol.dispose]: () => rmSync(directory, { recursive: true }) };
}
