import { QuicpipeError } from "../../../src/errors.ts";
import type { PathPair } from "./lab.ts";
import type { Place } from "./wire.ts";

/** A stream of a steady rate from one peer to the other, under way. */
export interface Load {
  /** ms of the longest time in which nothing came, since this was called last. */
  takeGapMs(): Promise<number>;
  /** Ends the stream, and fails unless all has come as it was sent. */
  finish(): Promise<void>;
}

export function startLoad(pair: PathPair, from: Place, bytesPerSecond: number): Load {
  const [sender, receiver] = from === "alice" ? [pair.alice, pair.bob] : [pair.bob, pair.alice];
  receiver.tell("receive");
  sender.tell(`send ${bytesPerSecond}`);
  return {
    takeGapMs: async () => Number(await receiver.ask("gap")),
    async finish() {
      const [sent, received] = await Promise.all([sender.ask("end"), receiver.ask("received")]);
      if (received === `${sent} true`) return;
      const reason = `of ${sent} bytes, "${received}" came: bytes, and whether all were right`;
      throw new QuicpipeError("ERR_QUICPIPE_INTERNAL", reason);
    },
  };
}
