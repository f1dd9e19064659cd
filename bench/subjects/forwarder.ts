import * as defaults from "../../src/defaults/index.ts";
import type { BackendChoice, Forwarder, ForwarderOptions, SessionSpec } from "../../src/forwarder/index.ts";
import type { Address } from "../../src/wire/address.ts";

/** More than any round can use up: packets draw on the bucket, which never refuses them. */
const bytesPerSecond = 1e12;
const expiresAtMs: number = Date.now() + 3_600_000;

/** Options of the data plane as a relay opens it by default, on a free port of all IPv4 addresses. */
export function forwarderOptions(backend: BackendChoice, upstream?: Address): ForwarderOptions {
  return {
    host: "0.0.0.0",
    port: 0,
    upstream,
    backend,
    threads: 1,
    sourcePolicy: "registered",
    stun: "registered",
    authority: { stunRegistration: () => undefined },
    maxSessions: defaults.maxRegistrations,
    maxBuckets: defaults.maxRegistrations + defaults.maxIdleBuckets,
    maxGatewayClients: defaults.maxGatewayClients,
    socketBufferBytes: defaults.socketBufferBytes,
    onError: (error) => process.emitWarning(error),
    now: Date.now,
  };
}

/**
 * A session that outlives the run, reached from `local` if given. It has a subject and a bucket of its own, which never
 * throttles it.
 */
export function sessionSpec(
  forwarder: Forwarder,
  cids: Uint8Array,
  address: string,
  port: number,
  local?: string,
): SessionSpec {
  return {
    cids,
    address: { address, port, local },
    bucket: forwarder.openBucket(bytesPerSecond),
    expiresAtMs,
  };
}
