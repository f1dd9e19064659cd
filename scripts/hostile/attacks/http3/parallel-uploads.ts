import type { Attack, Tally } from "../../attack.ts";
import { post } from "../../clients/http3-frames.ts";
import { RawHttp3 } from "../../clients/raw-http3.ts";

/** A source of its own, as other attacks may hold the share of theirs. */
const from = "127.0.0.21";

const connections = 40;
const bytes = 5_000_000;

/** Parallel connections that upload some MB each, refused or not. */
export const parallelUploads: Attack = {
  name: "uploads on 40 connections",
  unit: "bytes",
  async run(target, signal, tally) {
    await Promise.all(
      Array.from({ length: connections }, async () => {
        while (!signal.aborted)
          await upload(await RawHttp3.open(target, { from, signal }), target, signal, tally);
      }),
    );
  },
};

async function upload(
  client: RawHttp3,
  target: { port: number },
  signal: AbortSignal,
  tally: Tally,
): Promise<void> {
  for (let sent = 0; sent < bytes && client.hasRoom && !signal.aborted;) {
    const id = client.request(post("/v1/register", target), false);
    const taken = await client.upload(id, bytes - sent, signal);
    tally(taken);
    sent += taken;
  }
  client.close();
}
