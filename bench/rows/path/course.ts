import { setTimeout as sleep } from "node:timers/promises";
import { binMs } from "../../rig/path/arrivals.ts";
import { connect, PathLab, type PathPair } from "../../rig/path/lab.ts";
import { startLoad } from "../../rig/path/load.ts";
import { directWays } from "../../rig/path/wire.ts";
import type { ConnectionPathEvent } from "../../../src/peer/index.ts";
import type { Course, Leg, Row } from "../../row.ts";
import { figureOf } from "../../summary.ts";

const roundTripMs = 20;
const bytesPerSecond = 8e6;
/** When the direct way is cut and healed, and when the load ends, in ms after it began. An address that has failed rests for 5 s. */
const [cutMs, healMs, endMs] = [3000, 6000, 12_000];
/** Length of a bin of the picture, in ms: several of the sender's turns. */
const pictureBinMs = 5 * binMs;

/** What peers tell: when how many bytes came, and what happened to the paths. Times are in ms since the epoch. */
interface Told {
  readonly arrivals: readonly (readonly [atMs: number, bytes: number])[];
  readonly happenings: readonly { readonly atMs: number; readonly event: ConnectionPathEvent }[];
}

async function told(peer: PathPair["alice"]): Promise<Told> {
  return JSON.parse(await peer.ask("course"));
}

function ratesOf({ arrivals }: Told, startMs: number): number[] {
  const bins = Array.from({ length: endMs / pictureBinMs }, () => 0);
  for (const [atMs, bytes] of arrivals) {
    const bin = Math.floor((atMs - startMs) / pictureBinMs);
    if (bin in bins) bins[bin]! += bytes / pictureBinMs / 1000;
  }
  return bins.map((rate) => Number(rate.toFixed(2)));
}

function legsOf({ happenings }: Told, startMs: number): Leg[] {
  const ways: Partial<Record<ConnectionPathEvent["kind"], Leg["ways"]>> = {
    selected: "direct",
    suspect: "both",
    lost: "relay",
  };
  const changes = happenings.flatMap(({ atMs, event: { kind } }) =>
    ways[kind] ? [{ fromMs: Math.max(0, atMs - startMs), ways: ways[kind] }] : [],
  );
  return [{ fromMs: 0, ways: "relay" }, ...changes];
}

/** A load whose direct way is cut and healed, over time. */
export const courseRow: Row = {
  name: "path/course",
  about: `MB/s of a load of ${bytesPerSecond / 1e6} over time while its direct way is cut and healed: a picture`,
  async run({ progress }) {
    await using lab = await PathLab.open("wired homes");
    const wire = lab.internet.wire!;
    await wire.setRoundTrips(roundTripMs);
    const pair = await lab.start("auto");
    await connect(pair);
    const startMs = Date.now();
    const until = (ms: number): Promise<void> => sleep(startMs + ms - Date.now());
    const load = startLoad(pair, "alice", bytesPerSecond);
    const marks: { atMs: number; text: string }[] = [];
    const mark = (text: string): void => {
      marks.push({ atMs: Date.now() - startMs, text });
      progress(text);
    };
    await until(cutMs);
    mark("direct way cut");
    await wire.cut(directWays);
    await until(healMs);
    mark("healed");
    await wire.heal();
    await until(endMs);
    await load.finish();
    const [sender, receiver] = [await told(pair.alice), await told(pair.bob)];
    const rates = ratesOf(receiver, startMs);
    const course: Course = { binMs: pictureBinMs, rates, legs: legsOf(sender, startMs), marks };
    return { name: this.name, unit: "MB/s", subject: figureOf(rates), rounds: rates.length, course };
  },
};
