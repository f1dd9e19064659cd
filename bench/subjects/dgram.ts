/** The relay's dgram backend as a process of its own; the argument says how many other sessions it holds. */
import { randomFillSync } from "node:crypto";
import * as defaults from "../../src/defaults.ts";
import { createForwarder } from "../../src/forwarder/index.ts";
import { cidBytes } from "../../src/wire/connection-id.ts";
import { serveMeasured } from "../rig/measured.ts";

const otherSessions = Number(process.argv[2]);
const cidsPerSession = 10;
/** More than any round can use up, so that the bucket is drawn from but never refuses. */
const bytesPerSecond = 1e12;
const expiresAtMs: number = Date.now() + 3_600_000;

serveMeasured(async ({ source, sink, cids }) => {
  const forwarder = await createForwarder({
    host: "127.0.0.1",
    port: 0,
    sourcePolicy: "registered",
    stun: "registered",
    authority: { secretOf: () => undefined, proven: () => false },
    maxGatewayClients: defaults.maxGatewayClients,
    socketBufferBytes: defaults.socketBufferBytes,
    onError: (error) => process.emitWarning(error),
    now: Date.now,
  });
  for (let i = 0; i < otherSessions; i++) {
    const others = randomFillSync(new Uint8Array(cidsPerSession * cidBytes)).map((byte) => byte & 0x7f);
    const address = { address: `10.0.${i >> 8}.${i & 0xff}`, port: 4433 };
    forwarder.openSession({ cids: others, address, bytesPerSecond, expiresAtMs });
  }
  forwarder.openSession({ cids: new Uint8Array(), address: source, bytesPerSecond, expiresAtMs });
  forwarder.openSession({ cids, address: sink, bytesPerSecond, expiresAtMs });
  return { port: forwarder.address().port, packets: () => forwarder.stats().relayed.packets };
});
