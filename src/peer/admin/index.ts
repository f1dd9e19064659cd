import { isQuicpipeError } from "../../errors.ts";
import type { Engine } from "../engine/contract.ts";
import { loadEngine } from "../engine/engine.ts";
import { type PeerOptions, type PeerSettings, resolveSettings } from "../options.ts";
import { RelayClient, type StatsRequest } from "../relay/client.ts";
import { createRelayHttp } from "../relay/finding/finder.ts";
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
 * Binds a UDP socket, which carries HTTP/3. To an `http:` relay, and where there is no QUIC engine, requests go over TCP. Does not
 * contact the relay yet.
 *
 * @param load returns the engine; for tests.
 * @throws ERR_QUICPIPE_OPTION_INVALID, ERR_QUICPIPE_LISTEN_FAILED, and ERR_QUICPIPE_RELAY_UNREACHABLE if the relay's host has no
 *   address.
 */
export async function openAdminClient(
  options: Pick<PeerOptions, "relay" | "token" | "relayCa" | "requestTimeoutMs">,
  load: () => Engine = loadEngine,
): Promise<AdminClient> {
  const settings = withoutEngine(await resolveSettings(options), load);
  const socket = await PeerSocket.bind(settings);
  const http = createRelayHttp(settings, load, socket);
  const relay = new RelayClient({ ...settings, http });
  return {
    stats: (request) => relay.stats(request),
    async close() {
      await http.close();
      await socket.close();
    },
  };
}

/** Returns settings that need no engine, if there is none: a relay has the routes over TCP too. */
function withoutEngine(settings: PeerSettings, load: () => Engine): PeerSettings {
  if (settings.transport !== "http3") return settings;
  try {
    load();
    return settings;
  } catch (error) {
    const isAbsent =
      isQuicpipeError(error, "ERR_QUICPIPE_ADDON_MISSING") ||
      isQuicpipeError(error, "ERR_QUICPIPE_ADDON_UNUSABLE");
    if (!isAbsent) throw error;
    return { ...settings, transport: "tls" };
  }
}
