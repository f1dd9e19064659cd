/**
 * How soon the native backend forwards what it was told of, while packets with one CID come without pause.
 *
 *   visible <file of that CID> <source port>
 *
 * Prints its port. For each line `<times>` on standard input, registers the CID so many times, and prints how many
 * µs it took from `openSession` to the first packet that was forwarded, each time, as a line of JSON.
 */
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { createForwarder } from "../../src/forwarder/index.ts";
import { firstSinkPort } from "../rig/course.ts";
import { addresses } from "../rig/network.ts";
import { forwarderOptions, sessionSpec } from "./forwarder.ts";

/** What the thread has taken in when a session is closed is forwarded and counted by then. */
const settleMs = 5;
/** How often is looked: it takes the system some 60 µs more to wake up. */
const lookMs = 0.01;
const nobody = new Int32Array(new SharedArrayBuffer(4));

const [path, sourcePort] = process.argv.slice(2);
const cid = readFileSync(path!);
const forwarder = await createForwarder(forwarderOptions("native"));
forwarder.openSession(sessionSpec(forwarder, new Uint8Array(), addresses.client, Number(sourcePort)));
process.stdout.write(`${forwarder.address().port}\n`);
for await (const line of createInterface(process.stdin)) {
  const times: number[] = [];
  while (times.length < Number(line)) times.push(await timeRegistration());
  process.stdout.write(`${JSON.stringify(times)}\n`);
}
process.exit();

async function timeRegistration(): Promise<number> {
  const before = forwarder.stats().relayed.packets;
  const start = performance.now();
  const spec = sessionSpec(forwarder, cid, addresses.sink, firstSinkPort);
  const session = forwarder.openSession(spec);
  // Asleep between the looks: with no core to spare it would keep the thread off that it waits for.
  while (forwarder.stats().relayed.packets === before) Atomics.wait(nobody, 0, 0, lookMs);
  const us = (performance.now() - start) * 1000;
  forwarder.closeSession(session);
  forwarder.closeBucket(spec.bucket);
  await sleep(settleMs);
  return us;
}
