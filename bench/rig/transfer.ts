import { createHash } from "node:crypto";
import { QuicpipeError } from "../../src/errors.ts";
import { cpuNsOf } from "./machine/cpu.ts";
import type { PeerPair } from "./peers.ts";

/** What a transfer comes to. */
export interface Cost {
  /** MB/s */
  readonly speed: number;
  /** Time of a processor of either side, in s per GB. */
  readonly dialer: number;
  readonly accepter: number;
}

/** Sends so many bytes on so many streams. */
export async function transfer(
  { kind, dialer, accepter }: PeerPair,
  streams: number,
  bytes: number,
): Promise<Cost> {
  const spentNs = [dialer, accepter].map(({ pid }) => cpuNsOf(pid));
  const startMs = performance.now();
  const receiving = accepter.ask(`receive ${streams}`);
  dialer.tell(`send ${streams} ${bytes / streams}`);
  const received = Number(await receiving);
  const ms = performance.now() - startMs;
  if (received !== bytes) throw broken(`${kind}: ${received} of ${bytes} bytes arrived`);
  // A nanosecond for a byte is a second for a gigabyte.
  const [dialing, accepting] = [dialer, accepter].map(({ pid }, i) => (cpuNsOf(pid) - spentNs[i]!) / bytes);
  return { speed: bytes / ms / 1000, dialer: dialing!, accepter: accepting! };
}

/** Has each stream carry the content once, and compares what arrives. */
export async function requireEqual(
  { kind, dialer, accepter }: PeerPair,
  content: Uint8Array,
  streams: number,
): Promise<void> {
  const receiving = accepter.ask(`digest ${streams}`);
  dialer.tell(`send ${streams} ${content.length}`);
  const expected = createHash("sha256").update(content).digest("hex");
  const digests = (await receiving).split(" ");
  if (digests.length !== streams || digests.some((digest) => digest !== expected))
    throw broken(`${kind}: what arrived is not what was sent; nothing was timed`);
}

function broken(reason: string): QuicpipeError {
  return new QuicpipeError("ERR_QUICPIPE_INTERNAL", reason);
}
