/**
 * A peer whose connection may take a direct path, in a process of its own.
 *
 *   path-peer <accepter|dialer> <file of its setting>      prints `ready`; exits at the end of standard input
 *
 * Answers a line with a line:
 *
 *   dial                connects anew; the ms that it took
 *   accept              waits for the next connection; `accepted`
 *   direct              waits until a direct path is taken; the ms since the connection was ready
 *   send <bytes/s>      begins to send the setting's file, over and over, on a stream; no answer
 *   end                 ends the stream; the bytes that it has carried
 *   receive             begins to read and compare a stream; no answer
 *   gap                 ms of the longest time in which nothing came, since it was asked last
 *   received            at the stream's end: the bytes that came, and whether all were right
 *   course              JSON: when how many bytes came, and what happened to the paths
 */
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { type Connection, type ConnectionPathEvent, loadIdentity, Peer } from "../../src/peer/index.ts";
import { Arrivals } from "../rig/path/arrivals.ts";
import type { PeerSetting } from "../rig/peers.ts";

const setting: PeerSetting = JSON.parse(readFileSync(process.argv[3]!, "utf8"));
const { file, other, identity, pin, ...options } = setting;
const content = readFileSync(file);
const turnMs = 10;
const peer = await Peer.bind({
  ...options,
  identity: loadIdentity(identity),
  trust: [pin],
  onError: (error) => process.emitWarning(error),
});
const dialers = peer[Symbol.asyncIterator]();

interface Happening {
  readonly atMs: number;
  readonly event: ConnectionPathEvent;
}

let connection: Connection | undefined;
let readyMs = 0;
let happenings: Happening[] = [];
let direct = Promise.withResolvers<number>();
let sending: { isEnding: boolean; readonly sent: Promise<number> } | undefined;
let receiving: { readonly arrivals: Arrivals; readonly ended: Promise<void> } | undefined;

const answers: Readonly<Record<string, (number: number) => Promise<string | number | undefined>>> = {
  async dial() {
    connection?.close();
    const startMs = performance.now();
    take(await peer.dial(other));
    return readyMs - startMs;
  },
  async accept() {
    const { value } = await dialers.next();
    take(value!);
    return "accepted";
  },
  direct: () => direct.promise,
  async send(bytesPerSecond) {
    const state = { isEnding: false };
    const sent = send(bytesPerSecond / 1000, state);
    sending = Object.assign(state, { sent });
    return undefined;
  },
  async end() {
    sending!.isEnding = true;
    return await sending!.sent;
  },
  async receive() {
    const arrivals = new Arrivals(content);
    receiving = { arrivals, ended: receive(arrivals) };
    return undefined;
  },
  gap: async () => receiving!.arrivals.takeGapMs(),
  async received() {
    await receiving!.ended;
    const { bytes, isExact } = receiving!.arrivals;
    return `${bytes} ${isExact}`;
  },
  course: async () => JSON.stringify({ arrivals: receiving?.arrivals.course ?? [], happenings }),
};

function take(next: Connection): void {
  readyMs = performance.now();
  connection = next;
  happenings = [];
  direct = Promise.withResolvers();
  void follow(next, happenings, direct.resolve);
}

async function follow(
  { paths }: Connection,
  list: Happening[],
  resolve: (ms: number) => void,
): Promise<void> {
  const startMs = readyMs;
  for await (const event of paths) {
    list.push({ atMs: Date.now(), event });
    if (event.kind === "selected") resolve(performance.now() - startMs);
  }
}

/** Sends what is due each turn, as an application with a steady rate does. */
async function send(bytesPerMs: number, state: { readonly isEnding: boolean }): Promise<number> {
  const writer = (await connection!.createUnidirectionalStream()).getWriter();
  const startMs = performance.now();
  let sent = 0;
  while (!state.isEnding) {
    const due = Math.floor((performance.now() - startMs) * bytesPerMs) - sent;
    const at = sent % content.length;
    const chunk = content.subarray(at, Math.min(at + due, content.length));
    sent += chunk.length;
    if (chunk.length > 0) await writer.write(chunk);
    await sleep(turnMs);
  }
  await writer.close();
  return sent;
}

async function receive(arrivals: Arrivals): Promise<void> {
  const reader = connection!.incomingUnidirectionalStreams.getReader();
  const { value: stream } = await reader.read();
  reader.releaseLock();
  arrivals.begin();
  for await (const chunk of stream!) arrivals.add(chunk);
  arrivals.end();
}

process.stdout.write("ready\n");
for await (const line of createInterface(process.stdin)) {
  const [name, number] = line.split(" ");
  void answers[name!]!(Number(number)).then(
    (answer) => answer !== undefined && process.stdout.write(`${answer}\n`),
  );
}
process.exit();
