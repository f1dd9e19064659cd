import { setTimeout as sleep } from "node:timers/promises";
import type { DirectPolicy } from "../../../src/peer/index.ts";
import { connect, goDirect, PathLab } from "../../rig/path/lab.ts";
import { startLoad } from "../../rig/path/load.ts";
import { Traffic } from "../../rig/path/traffic.ts";
import type { Effort, Row } from "../../row.ts";
import { figureOf, summarise } from "../../summary.ts";

const roundTripMs = 20;
/** Time from the last data until a connection is idle, in ms: 5 s, and a margin. */
const settleMs = 7000;
/** Time from the last data until a direct path sleeps, in ms: two minutes, and a margin. */
const parkedMs = 130_000;

/** Bytes per second of an idle connection: soon after its last data, and when it is parked. */
interface IdleTraffic {
  readonly warm: number;
  readonly parked: number | undefined;
}

async function idle(direct: DirectPolicy, { idleMs }: Effort, parks: boolean): Promise<IdleTraffic> {
  await using lab = await PathLab.open("wired homes");
  await lab.internet.wire!.setRoundTrips(roundTripMs);
  const pair = await lab.start(direct);
  await connect(pair);
  if (direct === "auto") await goDirect(pair);
  await startLoad(pair, "alice", 1e5).finish();
  const traffic = new Traffic(lab);
  const rate = async (): Promise<number> => {
    const before = await traffic.bytes();
    await sleep(idleMs);
    return ((await traffic.bytes()) - before) / (idleMs / 1000);
  };
  await sleep(settleMs);
  const warm = await rate();
  if (!parks) return { warm, parked: undefined };
  await sleep(parkedMs - settleMs - idleMs);
  return { warm, parked: await rate() };
}

/** What a connection that nobody uses costs each of its peers. */
export const idleRow: Row = {
  name: "path/idle",
  about:
    "bytes per second, both ways, at a peer with an idle connection and a direct path, beside one on the relay",
  async run({ effort, progress }) {
    progress(`idling on the relay for ${effort.idleMs} ms`);
    const control = await idle("never", effort, false);
    progress(`idling on a direct path for ${effort.parks ? parkedMs : settleMs} ms and ${effort.idleMs}`);
    const { warm, parked } = await idle("auto", effort, effort.parks);
    const summary = summarise("on the relay", { control: [control.warm], subject: [warm] });
    return [
      { name: this.name, unit: "B/s", ...summary },
      ...(parked === undefined
        ? []
        : [{ name: "path/idle-parked", unit: "B/s" as const, subject: figureOf([parked]), rounds: 1 }]),
    ];
  },
};
