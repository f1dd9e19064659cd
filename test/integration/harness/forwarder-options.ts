import type { ForwarderOptions } from "../../../src/forwarder/index.ts";

/** A data plane on loopback as a relay opens it, for tests that are about something else. */
export function forwarderOptions(
  change: Pick<ForwarderOptions, "maxSessions" | "now"> & Partial<ForwarderOptions>,
): ForwarderOptions {
  return {
    host: "127.0.0.1",
    port: 0,
    backend: "auto",
    threads: 1,
    sourcePolicy: "registered",
    stun: "registered",
    authority: { stunRegistration: () => undefined },
    maxBuckets: change.maxSessions,
    maxGatewayClients: 1,
    socketBufferBytes: 65_536,
    onError: console.error,
    ...change,
  };
}
