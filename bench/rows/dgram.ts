import { compare } from "../rig/compare.ts";
import { packetBytes } from "../rig/packet.ts";
import type { Row } from "../row.ts";
import { summarise } from "../summary.ts";

/** The dgram backend against the least that node:dgram can do, one destination each. */
export const dgramFixed: Row = dgramRow("dgram/fixed", 100);

/** The same with a full house: what the garbage collector takes for ten thousand sessions shows here. */
export const dgramCrowded: Row = dgramRow("dgram/crowded", 10_000);

function dgramRow(name: string, otherSessions: number): Row {
  const cids = (otherSessions * 10).toLocaleString("en").replaceAll(",", " ");
  return {
    name,
    about: `dgram backend that holds ${cids} connection IDs, against a bare node:dgram forwarder`,
    async run(effort, progress) {
      const scripts = {
        control: { url: new URL("../controls/dgram-echo.ts", import.meta.url), args: [] },
        subject: { url: new URL("../subjects/dgram.ts", import.meta.url), args: [String(otherSessions)] },
      };
      const figures = await compare(scripts, effort, progress);
      return { name, controlName: "bare node:dgram", packetBytes, ...summarise(figures) };
    },
  };
}
