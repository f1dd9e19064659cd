import { setTimeout as sleep } from "node:timers/promises";
import { connect, goDirect, PathLab } from "../../rig/path/lab.ts";
import { startLoad } from "../../rig/path/load.ts";
import type { Row } from "../../row.ts";
import { summarise } from "../../summary.ts";

const roundTripMs = 20;
/** Bytes per second of a stream that is under way while its connection changes paths. */
const checkedRate = 1_000_000;
/** Time from the change to the end of that stream, in ms. */
const checkedMs = 200;

/** The first connection finds its direct path under load, to see that nothing is lost. The others are timed. */
export const upgradeRow: Row = {
  name: "path/upgrade",
  about: `ms from ready to direct, both peers behind a NAT, round trips of ${roundTripMs} ms, beside the dial itself`,
  async run({ effort, progress }) {
    await using lab = await PathLab.open("wired homes");
    await lab.internet.wire!.setRoundTrips(roundTripMs);
    const pair = await lab.start("auto");
    await connect(pair);
    const load = startLoad(pair, "alice", checkedRate);
    await goDirect(pair);
    await sleep(checkedMs);
    await load.finish();
    const rounds = { control: [] as number[], subject: [] as number[] };
    for (let round = 1; round <= effort.rounds; round++) {
      rounds.control.push(await connect(pair));
      rounds.subject.push(await goDirect(pair));
      progress(`round ${round}: direct ${rounds.subject.at(-1)!.toFixed(1)} ms after ready`);
    }
    return { name: this.name, unit: "ms", ...summarise("dial", rounds) };
  },
};
