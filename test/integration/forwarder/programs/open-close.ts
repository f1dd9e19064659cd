/**
 * Opens and closes the native backend again and again, and prints as JSON what is left of it.
 * Run with: node --expose-gc test/integration/forwarder/programs/open-close.ts [cycles]
 */
import { readdirSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import * as defaults from "../../../../src/defaults/index.ts";
import { createForwarder } from "../../../../src/forwarder/index.ts";
import { forwarderOptions } from "../../harness/forwarder-options.ts";

const cycles = Number(process.argv[2]);
const expiresAtMs: number = Date.now() + defaults.registrationTtlMs;

async function cycle(): Promise<void> {
  const forwarder = await createForwarder(
    forwarderOptions({
      upstream: { address: "127.0.0.1", port: 9 },
      backend: "native",
      maxSessions: defaults.maxRegistrations,
      maxGatewayClients: defaults.maxGatewayClients,
      socketBufferBytes: defaults.socketBufferBytes,
      onError: (error) => process.emitWarning(error),
      now: Date.now,
    }),
  );
  const address = { address: "192.0.2.1", port: 4433 };
  const bucket = forwarder.openBucket(defaults.bytesPerSecond);
  forwarder.openSession({ cids: Buffer.alloc(12, 1), address, bucket, expiresAtMs });
  const id = forwarder.openSession({ cids: Buffer.alloc(12, 2), address, bucket, expiresAtMs });
  forwarder.routeInitial({ destinationId: Buffer.alloc(8, 3), to: id, from: id, expiresAtMs });
  forwarder.countersOf(id);
  await forwarder.close();
}

function entries(folder: string): number {
  return readdirSync(folder).length;
}

async function held(): Promise<{ threads: number; files: number; rss: number }> {
  // What an addon held is freed in turns of its own after the collection.
  for (let i = 0; i < 3; i++) {
    globalThis.gc!();
    await nextTurn();
  }
  return {
    threads: entries("/proc/self/task"),
    files: entries("/proc/self/fd"),
    rss: process.memoryUsage.rss(),
  };
}

async function run(count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    await cycle();
    await nextTurn();
  }
}

// What is taken once, by the first cycles, is no leak.
await run(cycles / 10);
const before = await held();
await run(cycles);
const after = await held();
process.stdout.write(
  `${JSON.stringify({
    threads: after.threads - before.threads,
    files: after.files - before.files,
    rssBytes: after.rss - before.rss,
  })}\n`,
);
