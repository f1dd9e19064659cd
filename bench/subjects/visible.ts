/**
 * Measures how soon the native backend forwards for a new registration, while packets with its CID arrive without
 * pause.
 *
 *   visible <file of that CID> <source port>
 *
 * Prints its port. For each line `<times>` on standard input, registers the CID that many times, and prints the µs from
 * each `openSession` to the first forwarded packet, as a line of JSON.
 */
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { createForwarder } from "../../src/forwarder/index.ts";
import { firstSinkPort } from "../rig/workload.ts";
import { addresses } from "../rig/machine/network.ts";
import { forwarderOptions, sessionSpec } from "./forwarder.ts";

/** By then, packets that the thread had received before the session closed are forwarded and counted. */
const settleMs = 5;
/** Polling interval; the system takes some 60 µs more to wake up. */
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
  // Sleeps between polls: without a spare core, a busy loop would hold up the thread that it waits for.
  while (forwarder.stats().relayed.packets === before) Atomics.wait(nobody, 0, 0, lookMs);
  const us = (performance.now() - start) * 1000;
  forwarder.closeSession(session);
  forwarder.closeBucket(spec.bucket);
  await sleep(settleMs);
  return us;
}
