// A peer that accepts connections: it echoes streams in both directions, and reads all else. Answers
//
//   trim     its memory in bytes, once garbage is collected and freed memory is back at the system; without what V8 keeps for later
//   faults   faults of its engine
import { getHeapStatistics } from "node:v8";
import { setTimeout as sleep } from "node:timers/promises";
import { loadAddon } from "../../../../src/forwarder/native/load.ts";
import type { Connection } from "../../../../src/peer/index.ts";
import { answer, bindPeer } from "./peer.ts";

/** Time for finalizers, and for the addon, which returns memory on a thread of its own, in ms. */
const trimMs = 50;
const collections = 3;

const peer = await bindPeer();

async function accept(): Promise<void> {
  for await (const connection of peer)
    // A hostile peer's connection ends in any way.
    void Promise.all([echo(connection), readStreams(connection), readDatagrams(connection)]).catch(
      () => undefined,
    );
}

async function echo({ incomingBidirectionalStreams }: Connection): Promise<void> {
  for await (const { readable, writable } of incomingBidirectionalStreams)
    void readable.pipeTo(writable).catch(() => undefined);
}

async function readStreams({ incomingUnidirectionalStreams }: Connection): Promise<void> {
  for await (const stream of incomingUnidirectionalStreams)
    void stream.pipeTo(new WritableStream()).catch(() => undefined);
}

async function readDatagrams({ datagrams }: Connection): Promise<void> {
  await datagrams.readable.pipeTo(new WritableStream());
}

void accept();
answer({
  async trim() {
    // Memory outside of V8's heap is freed after the collection that finds it, in turns of its own.
    for (let i = 0; i < collections; i++) {
      globalThis.gc!();
      await sleep(trimMs);
    }
    const loaded = loadAddon();
    if ("addon" in loaded) loaded.addon.trimMemory();
    await sleep(trimMs);
    const { total_physical_size: heapBytes, used_heap_size: usedBytes } = getHeapStatistics();
    return process.memoryUsage.rss() - heapBytes + usedBytes;
  },
  faults: () => peer.stats().engineFaults,
});
