/**
 * Measures the memory of registrations in the native backend.
 *
 *   memory <sessions> <CIDs per session>      prints `{ tableBytes, processBytes }` per CID, as JSON
 */
import { randomFillSync } from "node:crypto";
import { QuicpipeError } from "../../src/errors.ts";
import { createNativeForwarder } from "../../src/forwarder/native/forwarder.ts";
import type { Addon, NativeHandle } from "../../src/forwarder/native/addon.ts";
import { loadAddon } from "../../src/forwarder/native/load.ts";
import { cidBytes } from "../../src/wire/connection-id.ts";
import { forwarderOptions, sessionSpec } from "./forwarder.ts";

const [sessions, cidsPerSession] = process.argv.slice(2).map(Number) as [number, number];
const cids = sessions * cidsPerSession;
const sessionBytes = cidsPerSession * cidBytes;

const loaded = loadAddon();
if ("reason" in loaded) {
  const { reason } = loaded;
  throw new QuicpipeError("ERR_QUICPIPE_BACKEND_UNAVAILABLE", reason, {
    details: { backend: "native", reason },
  });
}
let handle: NativeHandle | undefined;
const addon: Addon = { ...loaded.addon, open: (config) => (handle = loaded.addon.open(config)) };
const forwarder = await createNativeForwarder(forwarderOptions("native"), {
  addon,
  backendReason: "measured",
});

const packed = randomFillSync(new Uint8Array(cids * cidBytes)).map((byte) => byte & 0x7f);
const before = process.memoryUsage.rss();
for (let i = 0; i < sessions; i++) {
  const own = packed.subarray(i * sessionBytes, (i + 1) * sessionBytes);
  forwarder.openSession(sessionSpec(forwarder, own, `10.${i >> 16}.${(i >> 8) & 0xff}.${i & 0xff}`, 4433));
}
const processBytes = (process.memoryUsage.rss() - before) / cids;
process.stdout.write(`${JSON.stringify({ tableBytes: handle!.tableBytes / cids, processBytes })}\n`);
await forwarder.close();
