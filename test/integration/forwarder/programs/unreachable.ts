/**
 * Relays to an address that nobody answers ARP for, so that what the socket takes stays in its buffer, until the
 * data plane drops for want of room; prints as JSON what it counted.
 * Run with: node test/integration/forwarder/programs/unreachable.ts dgram|native <address>
 */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { setImmediate as nextTurn } from "node:timers/promises";
import * as defaults from "../../../../src/defaults/index.ts";
import { createForwarder, type BackendChoice } from "../../../../src/forwarder/index.ts";

const [backend, unreachable] = process.argv.slice(2) as [BackendChoice, string];
/** Well over what any backend may queue. */
const maxDatagrams: number = (4 * defaults.maxSendQueueBytes) / 1200;

const forwarder = await createForwarder({
  host: "0.0.0.0",
  port: 0,
  backend,
  threads: 1,
  sourcePolicy: "any",
  stun: "registered",
  authority: { stunRegistration: () => undefined },
  maxSessions: 1,
  maxBuckets: 1,
  maxGatewayClients: 1,
  socketBufferBytes: 65_536,
  onError: (error) => process.emitWarning(error),
  now: Date.now,
});
forwarder.openSession({
  cids: Buffer.alloc(12, 0x22),
  address: { address: unreachable, port: 4433 },
  bucket: forwarder.openBucket(1e12),
  expiresAtMs: Date.now() + defaults.registrationTtlMs,
});
const sender = createSocket("udp4");
sender.connect(forwarder.address().port, "127.0.0.1");
await once(sender, "connect");
const packet = Buffer.concat([Buffer.from([0x41]), Buffer.alloc(12, 0x22), Buffer.alloc(1187)]);
for (let sent = 0; sent < maxDatagrams && forwarder.stats().dropped["send-buffer-full"] === 0; sent++) {
  sender.send(packet);
  if (sent % 16 === 0) await nextTurn();
}
process.stdout.write(`${JSON.stringify(forwarder.stats())}\n`);
sender.close();
await forwarder.close();
