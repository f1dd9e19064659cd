import * as defaults from "../../../defaults/index.ts";
import { raceAddresses } from "./address-race.ts";
import type { Engine } from "../../engine/contract.ts";
import { paths } from "../../../protocol.ts";
import { plainIp } from "../../../wire/address.ts";
import { type Http3Lack, relayUnreachable } from "../../http/http.ts";
import { unreachable } from "../../http/http3-error.ts";
import { openOverTcp } from "../../http/over-tcp.ts";
import { Http3Session } from "../../http/session.ts";
import { optionError } from "../../../option-checks.ts";
import type { PeerSettings } from "../../options.ts";
import { pause } from "../../time/pause.ts";
import { lookUpRelay, orderAddresses } from "../../relay-addresses.ts";
import { type HttpSession, RelayHttp } from "../http.ts";
import { answersAsRelay, openSession } from "./tcp-fallback.ts";
import { silenceOf } from "../silence.ts";
import { type RelayTrust, relayTrust } from "../../trust/relay-trust.ts";
import type { PeerSocket } from "../../socket.ts";

/** Events of a peer's relay beside its answers. */
export interface RelayEvents {
  /** Called when an HTTP session has replaced another: the relay may be a new one. */
  readonly onReturn?: () => void;
  /** Called with the relay's certificate (DER), when it was verified up to a CA. */
  readonly onCertificate?: (der: Uint8Array) => void;
  /** Called when the relay announces that it ends the HTTP session (GOAWAY). */
  readonly onGoaway?: () => void;
}

/**
 * Creates HTTP to the relay: HTTP/3 over the peer's own socket, with the relay's certificate verified; over TCP with the same trust
 * where HTTP/3 does not serve it; HTTP/1.1 without TLS for an `http:` relay.
 *
 * @param loadEngine called for HTTP/3.
 */
export function createRelayHttp(
  settings: PeerSettings,
  loadEngine: () => Engine,
  socket: PeerSocket,
  { onReturn, ...events }: RelayEvents = {},
): RelayHttp {
  let isFirst = true;
  const onAnswer = (): void => {
    if (!isFirst) onReturn?.();
    isFirst = false;
  };
  const { transport, relay, authority, relayHost, relayCa } = settings;
  if (transport !== "http3")
    return new RelayHttp(async () => {
      const addresses = reachable(settings.addresses, socket);
      const tls =
        transport === "tls" ? { host: relayHost, trust: trustOverTls(relayHost, relayCa) } : undefined;
      // Loaded here alone: `node:http` takes Node 70 ms.
      const { TcpSession } = await import("../../http/tcp.ts");
      return new TcpSession({ addresses, port: relay.port, authority, tls, onAnswer });
    });
  const finder = new RelayFinder(settings, loadEngine, socket, events);
  let headStartMs = defaults.relayRoundMs;
  const openers = {
    openHttp3: (signal: AbortSignal) => finder.open(signal),
    openTcp: (why: Http3Lack, signal: AbortSignal) => finder.openTcp(why, signal),
    timeoutMs: settings.requestTimeoutMs,
    headStartMs: () => headStartMs,
  };
  return new RelayHttp(async (signal) => {
    const session = await openSession(openers, signal);
    // Where HTTP/3 was silent before, it may be so again.
    headStartMs = session.http3Lack === "unavailable" ? defaults.relayStaggerMs : defaults.relayRoundMs;
    onAnswer();
    return session;
  });
}

/** @throws ERR_QUICPIPE_OPTION_INVALID for a pin, which the QUIC engine checks. */
function trustOverTls(host: string, relayCa: string | undefined): RelayTrust {
  const trust = relayTrust(host, relayCa);
  if (trust.demand.kind !== "pins") return trust;
  throw optionError("relayCa", "a pin of the relay's key takes HTTP/3, and so the QUIC engine: give its CA");
}

/** @throws ERR_QUICPIPE_RELAY_UNREACHABLE if the peer's socket can send to none of the addresses. */
function reachable(addresses: readonly string[], socket: PeerSocket): readonly string[] {
  const found = addresses.filter((address) => socket.reaches(address));
  if (found.length > 0) return found;
  throw relayUnreachable(
    `none of its addresses (${addresses.join(", ")}) can be reached from ${socket.local.address}; give the peer another host, such as "::"`,
    { sent: false },
  );
}

/** Opens sessions to the relay. Determines the relay's address for each session, as it may have changed since the last one. */
class RelayFinder {
  readonly #settings: PeerSettings;
  readonly #loadEngine: () => Engine;
  readonly #socket: PeerSocket;
  readonly #events: RelayEvents;
  /** Addresses from the last look-up. */
  #known: readonly string[];
  /** Made once: the system has more than a hundred CAs. */
  #trust: RelayTrust | undefined;

  constructor(settings: PeerSettings, loadEngine: () => Engine, socket: PeerSocket, events: RelayEvents) {
    this.#events = events;
    this.#settings = settings;
    this.#loadEngine = loadEngine;
    this.#socket = socket;
    this.#known = [settings.relay.address];
  }

  /** @throws ERR_QUICPIPE_RELAY_UNREACHABLE, ERR_QUICPIPE_OPTION_INVALID, ERR_QUICPIPE_ADDON_MISSING, ERR_QUICPIPE_ADDON_UNUSABLE */
  async open(closing: AbortSignal): Promise<Http3Session> {
    const deadline = AbortSignal.timeout(this.#settings.requestTimeoutMs);
    const signal = AbortSignal.any([closing, deadline]);
    const trust = this.#trustInRelay();
    try {
      const session = await raceAddresses<Http3Session>({
        addresses: () => this.#addresses(signal),
        attempt: (address, ending) => this.#attempt(address, trust, ending),
        discard: (late) => void late.close(),
        signal,
      });
      session.use();
      return session;
    } catch (error) {
      if (!signal.aborted) throw error;
      if (closing.aborted) throw unreachable("the handshake was given up", false);
      throw relayUnreachable(silenceOf(this.#settings, this.#known), { sent: false });
    }
  }

  /**
   * Opens a session over TCP to the addresses of the last look-up, or to that of the HTTP/3 server that does not know the routes: HTTP/2,
   * or HTTP/1.1 where the server does not speak that. Asks for messages, without a token, to see that a relay answers there. Sends
   * packets to the address that has answered from then on.
   */
  async openTcp(why: Http3Lack, signal: AbortSignal): Promise<HttpSession | undefined> {
    const { relay, relayHost, authority, basePath } = this.#settings;
    const trust = this.#trustInRelay();
    // Node's TLS checks no pins, and a server that could say anything of itself would be the weaker proof.
    if (trust.demand.kind === "pins") return undefined;
    const found = why === "not-found" ? [this.#socket.relay.address] : this.#known;
    const addresses = found.filter((address) => this.#socket.reaches(address));
    if (addresses.length === 0) return undefined;
    const tls = { host: relayHost, trust };
    const session = await openOverTcp({
      addresses,
      port: relay.port,
      authority,
      tls,
      http3Lack: why,
      signal,
    });
    if (!session) return undefined;
    if (await answersAsRelay(session, basePath + paths.messages, signal)) {
      const from = plainIp(session.remoteAddress ?? "");
      const address = addresses.find((each) => plainIp(each) === from);
      if (address !== undefined) this.#socket.moveTo({ address, port: relay.port });
      return session;
    }
    await session.close();
    return undefined;
  }

  #trustInRelay(): RelayTrust {
    const { relayHost, relayCa } = this.#settings;
    return (this.#trust ??= this.#noting(relayTrust(relayHost, relayCa)));
  }

  #noting(trust: RelayTrust): RelayTrust {
    return {
      ...trust,
      refusalOf: (der) => {
        const why = trust.refusalOf(der);
        if (why === undefined) this.#events.onCertificate?.(der);
        return why;
      },
    };
  }

  /** Returns the current addresses, or the last known ones if the look-up takes too long or fails. */
  async #addresses(signal: AbortSignal): Promise<readonly string[]> {
    const { relayHost } = this.#settings;
    const lookUp = lookUpRelay(relayHost).then(
      (found) => void (this.#known = found),
      () => undefined,
    );
    await Promise.race([lookUp, pause(defaults.relayLookUpMs, signal)]);
    return orderAddresses(reachable(this.#known, this.#socket), this.#socket.relay.address);
  }

  async #attempt(address: string, trust: RelayTrust, signal: AbortSignal): Promise<Http3Session> {
    const [engine, socket, { onGoaway }] = [this.#loadEngine(), this.#socket, this.#events];
    const { authority, relay } = this.#settings;
    const path = socket.pathTo({ address, port: relay.port });
    try {
      return await Http3Session.open({ engine, socket, path, trust, authority, signal, onGoaway });
    } catch (error) {
      path.close();
      throw error;
    }
  }
}
