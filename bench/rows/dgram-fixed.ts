import { compare } from "../rig/compare.ts";
import { packetBytes } from "../rig/packet.ts";
import type { Row } from "../row.ts";
import { summarise } from "../summary.ts";

/** The dgram backend against the least that node:dgram can do. */
export const dgramFixed: Row = {
  name: "dgram/fixed",
  about: "the dgram backend with 100 000 routes, against a bare node:dgram forwarder with one destination",
  async run(effort, progress) {
    const scripts = {
      control: new URL("../controls/dgram-echo.ts", import.meta.url),
      subject: new URL("../subjects/dgram.ts", import.meta.url),
    };
    const figures = await compare(scripts, effort, progress);
    return { name: this.name, controlName: "bare node:dgram", packetBytes, ...summarise(figures) };
  },
};
