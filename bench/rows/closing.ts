import { figuresOf } from "../rig/figures.ts";
import type { Row } from "../row.ts";
import { figureOf } from "../summary.ts";

/** Each starts a relay of its own. */
const rounds = 5;

/** How soon clients learn that the relay ends; without a word, by their idle timeout. */
export const closingRow: Row = {
  name: "gateway/closing",
  about: "ms from SIGTERM until three HTTP/3 clients know of it",
  async run({ progress }) {
    progress(`ending ${rounds} relays`);
    const times = await figuresOf<number[]>("closing.ts", rounds);
    return { name: this.name, unit: "ms", subject: figureOf(times), rounds };
  },
};
