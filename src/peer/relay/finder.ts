import * as defaults from "../../defaults/index.ts";
import type { Address } from "../../wire/address.ts";
import { raceAddresses } from "./address-race.ts";
import type { Engine } from "../engine/contract.ts";
import { relayUnreachable } from "../http/http.ts";
import { Http3Session, isDistrusted, unreachable } from "../http/session.ts";
import { TcpSession } from "../http/tcp.ts";
import type { PeerSettings } from "../options.ts";
import { pause } from "../time/pause.ts";
import { lookUpRelay, orderAddresses } from "../relay-addresses.ts";
import { RelayHttp } from "./http.ts";
import { probeRelay } from "./probe.ts";
import { silenceOf } from "./silence.ts";
import { type RelayTrust, selectRelayTrust } from "./trust.ts";
import type { PeerSocket } from "../socket.ts";

/** Events of a peer's relay beside its answers. */
export interface RelayEvents {
  /** Called when an HTTP session has replaced another: the relay may be a new one. */
  readonly onReturn?: () => void;
  /** Called when the relay announces that it ends the HTTP session (GOAWAY). */
  readonly onGoaway?: () => void;
}

/**
 * Creates HTTP to the relay: HTTP/3 over the peer's own socket, with the relay's certificate verified, or HTTP/1.1 over TCP to a
 * relay on this machine.
 *
 * @param loadEngine called if the CA of the relay's certificate has to be found by a handshake.
 */
export function createRelayHttp(
  settings: PeerSettings,
  loadEngine: () => Promise<Engine>,
  socket: PeerSocket,
  { onReturn, onGoaway }: RelayEvents = {},
): RelayHttp {
  let isFirst = true;
  const onAnswer = (): void => {
    if (!isFirst) onReturn?.();
    isFirst = false;
  };
  if (settings.transport === "tcp")
    return new RelayHttp(async () => {
      const addresses = reachable(settings.addresses, socket);
      const { relay, authority } = settings;
      return new TcpSession({ addresses, port: relay.port, authority, onAnswer });
    });
  const finder = new RelayFinder(settings, loadEngine, socket, onGoaway);
  return new RelayHttp(async (signal) => {
    const session = await finder.open(signal);
    onAnswer();
    return session;
  });
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

/**
 * Opens sessions to the relay. Determines the relay's address and the CA of its certificate for each session, as either
 * may have changed since the last one.
 */
class RelayFinder {
  readonly #settings: PeerSettings;
  readonly #loadEngine: () => Promise<Engine>;
  readonly #socket: PeerSocket;
  readonly #onGoaway: (() => void) | undefined;
  /** Addresses from the last look-up. */
  #known: readonly string[];
  /** Verification of the last session. */
  #trust: RelayTrust | undefined;

  constructor(
    settings: PeerSettings,
    loadEngine: () => Promise<Engine>,
    socket: PeerSocket,
    onGoaway?: () => void,
  ) {
    this.#onGoaway = onGoaway;
    this.#settings = settings;
    this.#loadEngine = loadEngine;
    this.#socket = socket;
    this.#known = [settings.relay.address];
  }

  /** @throws ERR_QUICPIPE_RELAY_UNREACHABLE, ERR_QUICPIPE_OPTION_INVALID, ERR_QUICPIPE_DEPENDENCY_MISSING */
  async open(closing: AbortSignal): Promise<Http3Session> {
    const deadline = AbortSignal.timeout(this.#settings.requestTimeoutMs);
    const signal = AbortSignal.any([closing, deadline]);
    try {
      const session = await raceAddresses<Http3Session>({
        addresses: () => this.#addresses(signal),
        attempt: (address, ending) => this.#attempt(address, ending),
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

  async #attempt(address: string, signal: AbortSignal): Promise<Http3Session> {
    const remote: Address = { address, port: this.#settings.relay.port };
    try {
      if (this.#trust) return await this.#openSession(remote, this.#trust, signal);
    } catch (error) {
      if (!isDistrusted(error)) throw error;
    }
    // The first session, or the relay now has a certificate from another CA.
    const trust = await this.#selectTrust(remote, signal);
    const session = await this.#openSession(remote, trust, signal);
    this.#trust = trust;
    return session;
  }

  #openSession(remote: Address, trust: RelayTrust, signal: AbortSignal): Promise<Http3Session> {
    const [socket, onGoaway] = [this.#socket, this.#onGoaway];
    const path = socket.pathTo(remote);
    const { authority } = this.#settings;
    return Http3Session.open({ socket, path, ...trust, authority, signal, onGoaway });
  }

  async #selectTrust(remote: Address, signal: AbortSignal): Promise<RelayTrust> {
    const { relayHost, relayCa } = this.#settings;
    const path = this.#socket.pathTo(remote);
    try {
      return await selectRelayTrust(relayHost, relayCa, async (ca, serverName) => {
        const [engine, socket] = [await this.#loadEngine(), this.#socket];
        return await probeRelay({ engine, socket, path, ca, serverName, signal });
      });
    } finally {
      path.close();
    }
  }
}
