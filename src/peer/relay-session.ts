import type { Engine } from "./engine-contract.ts";
import { Http3Session } from "./http3.ts";
import type { PeerSettings } from "./options.ts";
import { RelayHttp } from "./relay-http.ts";
import { probeRelay } from "./relay-probe.ts";
import { type RelayTrust, selectRelayTrust } from "./relay-trust.ts";
import type { PeerSocket } from "./socket.ts";

/** HTTP/3 to the relay over the peer's own socket, with the relay's certificate verified. */
export function createRelayHttp(settings: PeerSettings, engine: Engine, socket: PeerSocket): RelayHttp {
  const { relayHost, authority, relayCa, requestTimeoutMs } = settings;
  let trust: RelayTrust | undefined;
  return new RelayHttp(async (signal) => {
    const deadlineMs = performance.now() + requestTimeoutMs;
    const leftMs = (): number => Math.max(1, deadlineMs - performance.now());
    // Found out once: the session itself verifies the relay each time.
    trust ??= await selectRelayTrust(relayHost, relayCa, (ca, serverName) =>
      probeRelay({ engine, socket, ca, serverName, timeoutMs: leftMs(), signal }),
    );
    return await Http3Session.open({
      ...trust,
      local: socket.local,
      remote: socket.relay,
      authority,
      send: (datagram) => socket.send(datagram),
      onReceiver: (receive) => {
        socket.onHttp3 = receive;
      },
      timeoutMs: leftMs(),
      signal,
    });
  });
}
