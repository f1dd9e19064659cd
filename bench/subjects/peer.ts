/**
 * A peer in a process of its own. With `--import controls/quiche/hook.ts` it runs on the engine that peers had before.
 *
 *   peer <accepter|dialer> <file of its setting>      prints `ready`; exits at the end of standard input
 *
 * Answers a line with a line:
 *
 *   dial                             a dialer connects anew; the ms that it took
 *   accepted                         an accepter tells when it has a connection
 *   direct                           waits until the connection takes a direct path
 *   send <streams> <bytes of each>   a dialer sends the setting's file, over and over; no answer
 *   receive <streams>                an accepter reads as many; the bytes that came
 *   digest <streams>                 the same; the SHA-256 of each
 *   datagrams <count> <per second>   a dialer sends them; how many, and the ms that it took
 *   count                            an accepter begins to count datagrams; no answer
 *   counted                          how many have come so far, and how many were dropped unread
 *   crowd <connections>              a dialer connects as many, all at once in tens, and keeps them
 *   memory                           bytes of the process without V8's nursery, after a garbage collection
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { getHeapSpaceStatistics } from "node:v8";
import { type Connection, loadIdentity, Peer } from "../../src/peer/index.ts";
import type { PeerSetting } from "../rig/peers.ts";

const [role, path] = process.argv.slice(2);
const { identity, other, pin, file, ...options }: PeerSetting = JSON.parse(readFileSync(path!, "utf8"));
const content = readFileSync(file);
const chunkBytes = 65_536;
const peer = await Peer.bind({
  ...options,
  identity: loadIdentity(identity),
  trust: [pin],
  onError: (error) => process.emitWarning(error),
});
let connection: Connection | undefined;
let arrived = 0;
const accepted = Promise.withResolvers<string>();

const answers: Readonly<Record<string, (...args: number[]) => Promise<string | number | undefined>>> = {
  async dial() {
    connection?.close();
    const startMs = performance.now();
    connection = await peer.dial(other);
    return performance.now() - startMs;
  },
  accepted: () => accepted.promise,
  async direct() {
    while (connection!.path.kind !== "direct") await sleep(1);
    return "direct";
  },
  async send(streams, bytes) {
    await Promise.all(Array.from({ length: streams! }, () => sendStream(bytes!)));
    return undefined;
  },
  async receive(streams) {
    const counts = await Promise.all(await nextStreams(streams!, countBytes));
    return counts.reduce((sum, bytes) => sum + bytes, 0);
  },
  async digest(streams) {
    return (await Promise.all(await nextStreams(streams!, digestOf))).join(" ");
  },
  async datagrams(count, perSecond) {
    const startMs = performance.now();
    await sendDatagrams(count!, perSecond! / 1000);
    return performance.now() - startMs;
  },
  async count() {
    void countDatagrams();
    return undefined;
  },
  async counted() {
    return `${arrived} ${(await connection!.getStats()).datagrams.droppedIncoming}`;
  },
  async crowd(connections) {
    const each = 10;
    for (let left = connections!; left > 0; left -= each)
      await Promise.all(Array.from({ length: each }, () => peer.dial(other)));
    return connections!;
  },
  async memory() {
    globalThis.gc!();
    return process.memoryUsage.rss() - nurseryBytes();
  },
};

/** Where V8 makes objects: up to 32 MB, by how many a process makes and not by how many it keeps. */
function nurseryBytes(): number {
  return getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space")!.physical_space_size;
}

async function sendStream(bytes: number): Promise<void> {
  const writer = (await connection!.createUnidirectionalStream()).getWriter();
  for (let sent = 0; sent < bytes;) {
    const at = sent % content.length;
    const chunk = content.subarray(at, Math.min(at + chunkBytes, at + bytes - sent, content.length));
    await writer.write(chunk);
    sent += chunk.length;
  }
  await writer.close();
}

/** Begins to read streams as they come. */
async function nextStreams<Result>(
  streams: number,
  read: (stream: ReadableStream<Uint8Array>) => Promise<Result>,
): Promise<Promise<Result>[]> {
  const reader = connection!.incomingUnidirectionalStreams.getReader();
  const results: Promise<Result>[] = [];
  while (results.length < streams) results.push(read((await reader.read()).value!));
  reader.releaseLock();
  return results;
}

/** Reads into one buffer, as docs/peer.md says for bulk data. */
async function countBytes(stream: ReadableStream<Uint8Array>): Promise<number> {
  const reader = stream.getReader({ mode: "byob" });
  let bytes = 0;
  let buffer: Uint8Array<ArrayBuffer> = new Uint8Array(chunkBytes);
  for (;;) {
    const { value, done } = await reader.read(buffer);
    if (done) return bytes;
    bytes += value.length;
    buffer = new Uint8Array(value.buffer);
  }
}

async function digestOf(stream: ReadableStream<Uint8Array>): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of stream) hash.update(chunk);
  return hash.digest("hex");
}

/** Sends what is due each millisecond, as a source of media does. */
async function sendDatagrams(count: number, perMs: number): Promise<void> {
  const writer = connection!.datagrams.writable.getWriter();
  const datagram = content.subarray(0, 1000);
  const startMs = performance.now();
  for (let sent = 0; sent < count;) {
    const due = Math.min(count, Math.floor((performance.now() - startMs) * perMs));
    for (; sent < due; sent++) await writer.write(datagram);
    await sleep(1);
  }
  writer.releaseLock();
}

async function countDatagrams(): Promise<void> {
  for await (const _ of connection!.datagrams.readable) arrived++;
}

async function accept(): Promise<void> {
  for await (const next of peer) {
    connection = next;
    accepted.resolve("accepted");
  }
}

if (role === "accepter") void accept();
process.stdout.write("ready\n");
for await (const line of createInterface(process.stdin)) {
  const [name, ...args] = line.split(" ");
  void answers[name!]!(...args.map(Number)).then(
    (answer) => answer !== undefined && process.stdout.write(`${answer}\n`),
  );
}
process.exit();
