import { readdirSync, readFileSync } from "node:fs";
import { maxCids } from "../../src/defaults/index.ts";
import { type Workload, createConnectionIds, shareFile } from "../rig/workload.ts";
import { Loop } from "../rig/loop.ts";
import { startAt } from "../rig/machine/namespace.ts";
import { needsXdp } from "../rig/requirement.ts";
import { xdpCommand } from "../rig/xdp.ts";
import type { Row } from "../row.ts";
import { figureOf } from "../summary.ts";

/** The kernel allocates the maps in full at once, so the number of sessions does not matter. */
const few: Workload = { order: "random", sessions: 2, cidsPerSession: 1 };
const loadPort = 40_000;

/** Returns the memory of a process's BPF maps as the kernel reports it, in bytes. */
function mapBytesOf(pid: number): number {
  const folder = `/proc/${pid}/fdinfo`;
  const files = readdirSync(folder).map((file) => readFileSync(`${folder}/${file}`, "utf8"));
  const maps = files.filter((text) => text.includes("map_type:"));
  return maps.reduce((sum, text) => sum + Number(/^memlock:\s*(\d+)$/m.exec(text)![1]), 0);
}

/** Size of the maps of a relay with default limits. */
export const mapMemoryRow: Row = needsXdp({
  name: "xdp/map-memory",
  about: "memory of the kernel's maps, with room for a million CIDs and 100 000 sessions",
  async run({ network }) {
    if ("refusal" in network) return { name: this.name, skipped: network.refusal };
    await using stack = new AsyncDisposableStack();
    const loop = stack.use(new Loop());
    const { path } = stack.use(shareFile(createConnectionIds(few)));
    const host = startAt("relay", xdpCommand("relay", loop, loadPort, path));
    stack.defer(host.stop);
    await host.hear();
    const bytesPerCid = mapBytesOf(host.pid) / maxCids;
    return { name: this.name, unit: "bytes/CID", subject: figureOf([bytesPerCid]), rounds: 1 };
  },
});
