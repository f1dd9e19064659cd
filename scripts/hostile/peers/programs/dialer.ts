// An honest peer with some connections to the accepter: on each it sends a small message at an interval, and waits for its echo.
// Beside that it dials anew all the time. Answers
//
//   begin    when all connections are there; what happens from then on counts
//   end      what has happened
import { setTimeout as sleep } from "node:timers/promises";
import type { Connection } from "../../../../src/peer/index.ts";
import { accepterName, type HonestFigures } from "../honest-figures.ts";
import { answer, bindPeer } from "./peer.ts";

const connections = 8;
const messageMs = 50;
const dialMs = 500;
/** Time after the end in which an answer still counts, however late, in ms. */
const graceMs = 1000;
const message: Buffer = Buffer.from("honestly");

interface Phase {
  readonly echoMs: number[];
  readonly dialMs: number[];
  sent: number;
  dials: number;
  ended: number;
}

const peer = await bindPeer();
const lines = new Set<Line>();
let phase: Phase = newPhase();

function newPhase(): Phase {
  return { echoMs: [], dialMs: [], sent: 0, dials: 0, ended: 0 };
}

/** A connection with one stream. Echoes come in the order of the messages. */
class Line {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #pending: { readonly sentMs: number; readonly phase: Phase }[] = [];
  #bytes = 0;

  private constructor(writer: WritableStreamDefaultWriter<Uint8Array>) {
    this.#writer = writer;
  }

  static async open(connection: Connection): Promise<void> {
    const { readable, writable } = await connection.createBidirectionalStream();
    const line = new Line(writable.getWriter());
    lines.add(line);
    const timer = setInterval(() => line.#send(), messageMs);
    await line
      .#read(readable)
      .catch(() => undefined)
      .finally(() => clearInterval(timer));
    lines.delete(line);
    phase.ended++;
  }

  #send(): void {
    phase.sent++;
    this.#pending.push({ sentMs: performance.now(), phase });
    // The end of the connection shows in the other direction too.
    this.#writer.write(message).catch(() => undefined);
  }

  async #read(readable: ReadableStream<Uint8Array>): Promise<void> {
    for await (const chunk of readable)
      for (this.#bytes += chunk.length; this.#bytes >= message.length; this.#bytes -= message.length) {
        const sent = this.#pending.shift()!;
        sent.phase.echoMs.push(performance.now() - sent.sentMs);
      }
  }
}

/** Makes up for connections that have ended. */
async function connect(): Promise<void> {
  while (lines.size < connections) {
    const { size } = lines;
    void Line.open(await peer.dial(accepterName));
    while (lines.size === size) await sleep(1);
  }
}

async function dialAgain(): Promise<void> {
  for (; ; await sleep(dialMs)) {
    const current = phase;
    const startMs = performance.now();
    current.dials++;
    const connection = await peer.dial(accepterName).catch(() => undefined);
    if (connection) current.dialMs.push(performance.now() - startMs);
    connection?.close();
  }
}

await connect();
void dialAgain();
answer({
  async begin() {
    await connect();
    phase = newPhase();
    return true;
  },
  async end(): Promise<HonestFigures> {
    const past = phase;
    phase = newPhase();
    const deadline = performance.now() + graceMs;
    const isOver = (): boolean => past.echoMs.length === past.sent && past.dialMs.length === past.dials;
    while (!isOver() && performance.now() < deadline) await sleep(10);
    const { echoMs, sent, dials, ended } = past;
    return {
      echoMs,
      unanswered: sent - echoMs.length,
      dialMs: past.dialMs,
      undialed: dials - past.dialMs.length,
      ended,
    };
  },
});
