import { loadEngine } from "../engine/engine.ts";
import { type PeerOptions, resolveSettings } from "../options.ts";
import { RelayClient, type StatsRequest } from "../relay/client.ts";
import { createRelayHttp } from "../relay/finder.ts";
import { PeerSocket } from "../socket.ts";

/** A client for a relay's statistics. Needs a token with the scope `relay:admin`. The caller closes it. */
export interface AdminClient {
  /**
   * Returns the response of `GET /v1/stats` (docs/protocol.md).
   *
   * @throws ERR_QUICPIPE_RELAY_UNREACHABLE, or the code of the relay's refusal, such as ERR_QUICPIPE_SCOPE_MISSING.
   */
  stats(request: StatsRequest): Promise<object>;
  /** Ends the HTTP session and closes the socket. */
  close(): Promise<void>;
}

/**
 * Binds a UDP socket, which carries HTTP/3; to an `http:` relay requests go over TCP. Does not contact the relay yet.
 *
 * @throws ERR_QUICPIPE_OPTION_INVALID, ERR_QUICPIPE_LISTEN_FAILED, ERR_QUICPIPE_DEPENDENCY_MISSING, and
 *   ERR_QUICPIPE_RELAY_UNREACHABLE if the relay's host has no address.
 */
export async function openAdminClient(
  options: Pick<PeerOptions, "relay" | "token" | "relayCa" | "requestTimeoutMs">,
): Promise<AdminClient> {
  const settings = await resolveSettings(options);
  const socket = await PeerSocket.bind(settings);
  const http = createRelayHttp(settings, () => loadEngine("HTTP/3 to a relay"), socket);
  const relay = new RelayClient({ ...settings, http });
  return {
    stats: (request) => relay.stats(request),
    async close() {
      await http.close();
      await socket.close();
    },
  };
}
