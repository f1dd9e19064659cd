import { figuresOf } from "../rig/figures.ts";
import type { Row } from "../row.ts";
import { figureOf } from "../summary.ts";

/** Each round starts a relay of its own. */
const rounds = 5;

/** Time until clients learn that the relay shuts down. Without notice, they learn it from their idle timeout. */
export const closingRow: Row = {
  name: "gateway/closing",
  about: "ms from SIGTERM until three HTTP/3 clients know of it",
  async run({ progress }) {
    progress(`ending ${rounds} relays`);
    const times = await figuresOf<number[]>("closing.ts", rounds);
    return { name: this.name, unit: "ms", subject: figureOf(times), rounds };
  },
};
