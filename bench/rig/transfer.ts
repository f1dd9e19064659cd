import { createHash } from "node:crypto";
import { QuicpipeError } from "../../src/errors.ts";
import type { Effort, Lab, RowResult } from "../row.ts";
import { type Rounds, summarise } from "../summary.ts";
import { alternate } from "./alternate.ts";
import { cpuNsOf } from "./machine/cpu.ts";
import type { PeerPair } from "./peers.ts";

/** Pairs of peers that are compared. */
export type Sides = Readonly<Record<"control" | "subject", PeerPair>>;

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

/** A round of a second or so needs one to warm up. */
export function long(effort: Effort): Effort {
  return { ...effort, rounds: effort.longRounds, warmUpRounds: 1 };
}

/** Leaves the warm-up of {@link long} out. */
export function measured<Figure>(figures: readonly Figure[]): readonly Figure[] {
  return figures.slice(1);
}

/** Compares one stream of each side: its speed, and what it costs either peer. */
export async function compareStreams(
  name: string,
  controlName: string,
  sides: Sides,
  content: Uint8Array,
  { effort, progress }: Pick<Lab, "effort" | "progress">,
): Promise<RowResult[]> {
  for (const side of Object.values(sides)) await requireEqual(side, content, 1);
  const costs: Record<keyof Sides, Cost[]> = { control: [], subject: [] };
  await alternate(long(effort), progress, "MB/s", async (side) => {
    const cost = await transfer(sides[side], 1, effort.transferBytes);
    costs[side].push(cost);
    return cost.speed;
  });
  const rounds = (key: keyof Cost): Rounds => ({
    control: measured(costs.control).map((cost) => cost[key]),
    subject: measured(costs.subject).map((cost) => cost[key]),
  });
  const result = (suffix: string, unit: RowResult["unit"], key: keyof Cost): RowResult => ({
    name: `${name}${suffix}`,
    unit,
    ...summarise(controlName, rounds(key)),
  });
  return [
    result("", "MB/s", "speed"),
    result("-dialer", "s/GB", "dialer"),
    result("-accepter", "s/GB", "accepter"),
  ];
}

function broken(reason: string): QuicpipeError {
  return new QuicpipeError("ERR_QUICPIPE_INTERNAL", reason);
}
