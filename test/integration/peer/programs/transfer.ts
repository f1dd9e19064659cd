// Dials "bob", sends him bytes at a steady rate and checks that they come back as they were, all the while. Each line of its stdin has
// it report; the end of stdin ends the transfer, and it reports that everything has come back.
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { Peer } from "../../../../src/peer/index.ts";
import { peerOptions, trustFromEnvironment } from "./environment.ts";
import { tell, tellPaths } from "./telling.ts";

const bytesPerSecond = Number(process.env["RATE"] ?? 1_000_000);
const turnMs = 10;
const period = 65_521;
/** Bytes of the pattern from any place of a period on. */
const pattern = Buffer.from(
  Array.from({ length: 2 * period }, (_, i) => (i % period) * 7 + ((i % period) >> 8)),
);

const peer = await Peer.bind(peerOptions());
const connection = await peer
  .dial("bob", { trust: trustFromEnvironment(), timeoutMs: 60_000 })
  .catch((error) => {
    tell({ event: "failed", code: error.code, ...error.details });
    process.exit(1);
  });
void tellPaths(connection);
const { readable, writable } = await connection.createBidirectionalStream();

let sent = 0;
let received = 0;
let isExact = true;
let lastMs = performance.now();
let worstGapMs = 0;
let isEnding = false;

void receive().then(finish, (error: unknown) => {
  tell({ event: "failed", message: String(error) });
  process.exitCode = 1;
});
void send().catch(() => undefined);
createInterface({ input: process.stdin })
  .on("line", report)
  .on("close", () => void (isEnding = true));

async function send(): Promise<void> {
  const writer = writable.getWriter();
  const startMs = performance.now();
  while (!isEnding) {
    const due = Math.floor(((performance.now() - startMs) * bytesPerSecond) / 1000) - sent;
    if (due > 0) {
      const chunk = pattern.subarray(sent % period, (sent % period) + Math.min(due, period));
      sent += chunk.length;
      await writer.write(chunk);
    }
    await sleep(turnMs);
  }
  await writer.close();
}

async function receive(): Promise<void> {
  for await (const chunk of readable) {
    const nowMs = performance.now();
    worstGapMs = Math.max(worstGapMs, nowMs - lastMs);
    lastMs = nowMs;
    for (let at = 0; at < chunk.length;) {
      const place = (received + at) % period;
      const length = Math.min(chunk.length - at, period);
      isExact &&= pattern.subarray(place, place + length).equals(chunk.subarray(at, at + length));
      at += length;
    }
    received += chunk.length;
  }
}

/** Says how far it is, and the longest time in which nothing came since the last report. */
function report(): void {
  tell({
    event: "report",
    sent,
    received,
    isExact,
    worstGapMs: Math.round(worstGapMs),
    path: connection.path,
  });
  worstGapMs = 0;
  lastMs = performance.now();
}

async function finish(): Promise<void> {
  report();
  await peer.close();
  tell({ event: "done", isComplete: isExact && sent === received });
}
