import { setTimeout as sleep } from "node:timers/promises";
import { connect, goDirect, PathLab, type PathPair } from "../../rig/path/lab.ts";
import { startLoad } from "../../rig/path/load.ts";
import { type DirectWay, directWays, type Place } from "../../rig/path/wire.ts";
import type { Row } from "../../row.ts";
import { figureOf, percentile, type Rounds, summarise } from "../../summary.ts";

/** One death of the direct way. */
interface Cut {
  readonly kind: "both ways" | "data's way" | "acknowledgements' way";
  readonly ways: readonly DirectWay[];
  readonly sender: Place;
}

/** Each kind in turn, with data of the peer that dialled; then with the other's. */
const cuts: readonly Cut[] = (["alice", "bob"] as const).flatMap((sender): Cut[] => {
  const [forth, back] = sender === "alice" ? directWays : directWays.toReversed();
  return [
    { kind: "both ways", ways: [forth!, back!], sender },
    { kind: "data's way", ways: [forth!], sender },
    { kind: "acknowledgements' way", ways: [back!], sender },
  ];
});

/** Time under load before a cut, in ms: the rate is reached by then. */
const steadyMs = 1500;
/** Time under load after it, in ms. A longer stall counts all the same, as the load ends only when all has come. */
const aftermathMs = 1500;

/** Returns ms of the longest time in which nothing came. */
async function stallOf(lab: PathLab, pair: PathPair, cut: Cut, rate: number): Promise<number> {
  const load = startLoad(pair, cut.sender, rate);
  await sleep(steadyMs);
  await load.takeGapMs();
  await lab.internet.wire!.cut(cut.ways);
  await sleep(aftermathMs);
  await load.finish();
  await lab.internet.wire!.heal();
  return await load.takeGapMs();
}

function fallbackRow(suffix: string, roundTripMs: number, bytesPerSecond: number): Row {
  const name = `path/fallback-${suffix}`;
  const rate = `${bytesPerSecond / 1e6} MB/s`;
  return {
    name,
    about: `ms without data when the direct way dies, ${rate}, round trips of ${roundTripMs} ms, beside peers on the relay`,
    async run({ effort, progress }) {
      await using lab = await PathLab.open("wired homes");
      await lab.internet.wire!.setRoundTrips(roundTripMs);
      const relayed = await lab.start("never");
      await connect(relayed);
      const pair = await lab.start("auto");
      const rounds: { [Side in keyof Rounds]: number[] } = { control: [], subject: [] };
      for (let round = 0; round < effort.cuts; round++) {
        const cut = cuts[round % cuts.length]!;
        rounds.control.push(await stallOf(lab, relayed, cut, bytesPerSecond));
        // A new connection: the address of one that has failed rests.
        await connect(pair);
        await goDirect(pair);
        rounds.subject.push(await stallOf(lab, pair, cut, bytesPerSecond));
        progress(`cut ${round + 1}, ${cut.kind} from ${cut.sender}: ${rounds.subject.at(-1)!.toFixed(0)} ms`);
      }
      const p95 = figureOf([percentile(rounds.subject, 95)]);
      return [
        { name, unit: "ms", ...summarise("on the relay", rounds) },
        { name: `${name}-p95`, unit: "ms", subject: p95, rounds: effort.cuts },
      ];
    },
  };
}

export const fallbackRows: readonly Row[] = [
  fallbackRow("20ms", 20, 8e6),
  fallbackRow("20ms-slow", 20, 1e5),
  fallbackRow("150ms", 150, 8e6),
  fallbackRow("150ms-slow", 150, 1e5),
];
