/**
 * The relay's data plane in a process of its own, with the sessions of a workload and others without traffic.
 *
 *   relay <backend> <file of connection IDs> <IDs per session> <client> <client's port> <sink> <address that the sink talks to>
 *         <other sessions>
 */
import { randomFillSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { type Backend, createForwarder } from "../../src/forwarder/index.ts";
import { cidBytes } from "../../src/wire/connection-id.ts";
import { firstSinkPort } from "../rig/workload.ts";
import { serveUntilEnd } from "../rig/served.ts";
import { forwarderOptions, sessionSpec } from "./forwarder.ts";

const [backend, path, cidsPerSession, client, clientPort, sink, local, others] = process.argv.slice(2);
const otherCids = 10;

const forwarder = await createForwarder(forwarderOptions(backend as Backend));
for (let i = 0; i < Number(others); i++) {
  const cids = randomFillSync(new Uint8Array(otherCids * cidBytes)).map((byte) => byte & 0x7f);
  forwarder.openSession(sessionSpec(forwarder, cids, `10.0.${i >> 8}.${i & 0xff}`, 4433));
}
forwarder.openSession(sessionSpec(forwarder, new Uint8Array(), client!, Number(clientPort)));
const cids = readFileSync(path!);
const sessionBytes = Number(cidsPerSession) * cidBytes;
for (let at = 0, port = firstSinkPort; at < cids.length; at += sessionBytes, port++)
  forwarder.openSession(sessionSpec(forwarder, cids.subarray(at, at + sessionBytes), sink!, port, local));
serveUntilEnd(forwarder.address().port);
