import { randomInt } from "node:crypto";
import { createSocket, type Socket } from "node:dgram";
import { isIPv6 } from "node:net";
import {
  gatewayIdleMs,
  gatewayNewIdleMs,
  gatewayPresenceMs,
  gatewayWaitingDatagrams,
} from "../../defaults/index.ts";
import { type Address, type PeerAddress, unmapAddress } from "../../wire/address.ts";
import type { ClientsBy, GatewayClient } from "../contract.ts";
import type { Counters } from "../counters.ts";
import { KnownIds, type UsedIds } from "./known-ids.ts";
import { PathMap } from "../udp/address-map.ts";
import { type Connection, type Place, placeLimits, Places } from "./places.ts";
import { arrivalOf, Probation } from "./probation.ts";
import { codeOf } from "../../system-error.ts";
import { literalLookup, type Send } from "../udp/udp-socket.ts";
import { VirtualAddresses } from "./virtual-addresses.ts";

/** Options of a {@link Splice}. */
export interface SpliceOptions {
  /** The gateway, on loopback. */
  readonly upstream: Address;
  readonly clientsBy: ClientsBy;
  readonly maxClients: number;
  readonly socketBufferBytes: number;
  readonly counters: Counters;
  /** Sends from the public socket. */
  readonly reply: Send;
  readonly nowMs: number;
}

interface Client extends UsedIds {
  /** The connection of its place. */
  readonly connection: Connection;
  /** The real address, in the public socket's form. A sender to two addresses of this host is two clients. */
  readonly source: PeerAddress;
  readonly virtualAddress: string;
  readonly socket: Socket;
  /** Datagrams that came before the socket was ready; `undefined` from then on. */
  waiting: Uint8Array[] | undefined;
  /** Key in `#byLocal`. */
  local: string | undefined;
  seenAtMs: number;
  /** Whether the gateway has answered since its last datagram. */
  isAnswered: boolean;
  readonly place: Place;
  /** `undefined` once probation is over. */
  probation: Probation | undefined;
}

/**
 * Passes datagrams between the public socket and the app's own HTTP/3 server. Each client address has a connected socket, so
 * that the server can tell its clients apart and needs no change.
 */
export class Splice {
  readonly #options: SpliceOptions;
  readonly #clients = new PathMap<Client>();
  /** Clients by the address (and port) that the gateway sees. */
  readonly #byLocal = new Map<string, Client>();
  readonly #virtual = new VirtualAddresses([randomInt(2 ** 32), randomInt(2 ** 32)]);
  readonly #places: Places;
  readonly #knownIds = new KnownIds<Connection>();

  constructor(options: SpliceOptions) {
    this.#options = options;
    this.#places = new Places(placeLimits(options.maxClients), options.nowMs);
  }

  /** Number of clients. */
  get size(): number {
    return this.#places.size;
  }

  /** Number of clients that have not answered the gateway yet. */
  get onProbation(): number {
    return this.#places.onProbation;
  }

  /** Passes a client's datagram to the gateway. */
  forward(datagram: Uint8Array, source: PeerAddress, nowMs: number): void {
    const client = this.#clients.get(source);
    if (!client) return this.#admit(datagram, source, nowMs);
    if (hasLeft(client, datagram)) {
      // The connection that begins here gets another virtual address.
      void this.#leave(client, nowMs);
      return this.#admit(datagram, client.source, nowMs);
    }
    client.seenAtMs = nowMs;
    if (client.isAnswered) client.place.aliveAtMs = nowMs;
    client.isAnswered = false;
    client.connection.newest = client.place;
    this.#watch(client, datagram, nowMs);
    if (!client.waiting) this.#send(client, datagram);
    else if (client.waiting.length < gatewayWaitingDatagrams) client.waiting.push(datagram);
    else this.#options.counters.dropped["gateway-send-failed"]++;
  }

  /** Returns the client behind an address that the gateway sees, in the public socket's form. */
  clientOf(virtualAddress: string, port: number | undefined, nowMs: number): GatewayClient | undefined {
    const address = unmapAddress(virtualAddress);
    const local = this.#options.clientsBy === "address" ? address : `${address}:${port}`;
    const client = this.#byLocal.get(local);
    return client && { ...client.source, isThere: isThere(client, nowMs) };
  }

  /** Forgets clients that have been silent for too long, or have sent nothing that the gateway answers. */
  sweep(nowMs: number): void {
    for (const client of this.#clients.values()) {
      const idleMs = isSettled(client) ? gatewayIdleMs : gatewayNewIdleMs;
      if (nowMs - client.place.aliveAtMs >= idleMs) void this.#leave(client, nowMs);
    }
    this.#places.sweep(nowMs);
  }

  async close(nowMs: number): Promise<void> {
    await Promise.all(this.#clients.values().map((client) => this.#leave(client, nowMs)));
  }

  #admit(datagram: Uint8Array, source: PeerAddress, nowMs: number): void {
    const { dropped } = this.#options.counters;
    const arrival = arrivalOf(datagram);
    if (!arrival) return void dropped["gateway-no-opening"]++;
    const connection = arrival === "moving" ? this.#knownIds.connectionOf(datagram) : undefined;
    const isStranger = arrival === "moving" && !connection;
    const place = this.#places.open({ address: source.address, isStranger, connection }, nowMs);
    if (typeof place === "string") return void dropped[place]++;
    this.#create(datagram, source, { place, probation: new Probation(arrival) }, nowMs);
  }

  /** Ends the client's probation once it has answered the gateway. After that its packets are recognized from elsewhere. */
  #watch(client: Client, datagram: Uint8Array, nowMs: number): void {
    if (client.probation?.sent(datagram)) {
      client.probation = undefined;
      this.#places.graduate(client.place, nowMs);
    }
    if (!client.probation) this.#knownIds.note(client, datagram);
  }

  #localAddress(nowMs: number): string | undefined {
    if (this.#options.clientsBy === "address") return this.#virtual.take(nowMs);
    return isIPv6(this.#options.upstream.address) ? "::1" : "127.0.0.1";
  }

  #create(
    first: Uint8Array,
    source: PeerAddress,
    { place, probation }: Pick<Client, "place" | "probation">,
    nowMs: number,
  ): void {
    const { counters, upstream, socketBufferBytes } = this.#options;
    const virtualAddress = this.#localAddress(nowMs);
    if (virtualAddress === undefined) {
      this.#places.close(place);
      counters.dropped["gateway-full"]++;
      return;
    }
    const socket = createSocket({
      type: isIPv6(upstream.address) ? "udp6" : "udp4",
      lookup: literalLookup,
      recvBufferSize: socketBufferBytes,
    });
    // The public socket alone keeps the process alive.
    socket.unref();
    const client: Client = {
      // Copied, because the socket's own object carries more.
      source: { address: source.address, port: source.port, local: source.local },
      virtualAddress,
      socket,
      waiting: [first],
      local: undefined,
      seenAtMs: nowMs,
      isAnswered: false,
      place,
      connection: place.connection,
      probation,
      ids: [],
    };
    // Its connection ID stays known as long as it is there.
    if (place.isMoved) this.#knownIds.note(client, first);
    probation?.sent(first);
    place.onGivenUp = (atMs) => {
      counters.gateway.givenUp++;
      void this.#forget(client, atMs);
    };
    this.#clients.set(source, client);
    socket.on("message", (datagram) => this.#reply(client, datagram));
    socket.on("error", () => this.#failed(client));
    socket.on("connect", () => this.#ready(client));
    socket.bind({ address: virtualAddress, port: 0, exclusive: true }, () =>
      socket.connect(upstream.port, upstream.address),
    );
  }

  #ready(client: Client): void {
    if (!this.#isKnown(client)) return;
    const { address, port } = client.socket.address();
    client.local = this.#options.clientsBy === "address" ? address : `${address}:${port}`;
    this.#byLocal.set(client.local, client);
    const waiting = client.waiting ?? [];
    client.waiting = undefined;
    for (const datagram of waiting) this.#send(client, datagram);
  }

  #send(client: Client, datagram: Uint8Array): void {
    client.socket.send(datagram, (failure) => this.#count("packetsIn", failure));
  }

  #reply(client: Client, datagram: Uint8Array): void {
    // After probation a long header proves nothing, because the gateway sends those to anyone.
    client.isAnswered ||= client.probation !== undefined || datagram[0]! < 0x80;
    client.probation?.answered(datagram);
    this.#options.reply(datagram, client.source, (failure) => this.#count("packetsOut", failure));
  }

  /** Counts a datagram that was passed on, or was not. */
  #count(way: "packetsIn" | "packetsOut", failure: unknown): void {
    const { dropped, gateway } = this.#options.counters;
    if (!failure) gateway[way]++;
    // The gateway finds out the path's MTU by what does not arrive (RFC 8899).
    else if (way === "packetsOut" && codeOf(failure) === "EMSGSIZE") dropped["gateway-too-long"]++;
    else dropped["gateway-send-failed"]++;
  }

  #failed(client: Client): void {
    if (!this.#isKnown(client)) return;
    // The system refused the socket itself. The next datagram tries another.
    if (client.waiting) return void this.#leave(client, client.seenAtMs);
    const { dropped, gateway } = this.#options.counters;
    // The gateway is down: the system reports (ICMP) that it refused a datagram that was counted as passed on.
    dropped["gateway-send-failed"]++;
    gateway.packetsIn--;
  }

  /** node:dgram may report the result of a connect a turn later, when the socket is closed already. */
  #isKnown(client: Client): boolean {
    return this.#clients.get(client.source) === client;
  }

  #leave(client: Client, nowMs: number): Promise<void> {
    this.#places.close(client.place);
    return this.#forget(client, nowMs);
  }

  /** Forgets a client whose place is closed or given up. */
  #forget(client: Client, nowMs: number): Promise<void> {
    this.#knownIds.forget(client);
    this.#clients.delete(client.source);
    if (client.local !== undefined) this.#byLocal.delete(client.local);
    this.#virtual.release(client.virtualAddress, nowMs);
    const { dropped } = this.#options.counters;
    dropped["gateway-send-failed"] += client.waiting?.length ?? 0;
    // The gateway's answers that have arrived by now are read in the event loop's next turn, and counted.
    const socket = client.socket.removeAllListeners("message");
    socket.on("message", () => dropped["gateway-stray"]++);
    return new Promise((resolve) => setImmediate(() => setImmediate(() => socket.close(resolve))));
  }
}

/** Reports whether a client's connection has gone elsewhere and another begins at its address. */
function hasLeft({ place }: Client, datagram: Uint8Array): boolean {
  return !isNewest(place) && arrivalOf(datagram) === "beginning";
}

/**
 * Reports whether a client may be silent for long: it has answered the gateway, or a known connection sends from its place now.
 * Of the places that a client claims with false addresses that is one at most, and only while it sends from nowhere else.
 */
function isSettled({ place, probation }: Client): boolean {
  return !probation || (place.isMoved && isNewest(place));
}

/**
 * Reports whether a client is at its address: its connection's newest packet came from there, a moment ago. A client that moved
 * under an unknown connection ID has left all the same, and is silent there.
 */
function isThere({ place, seenAtMs }: Client, nowMs: number): boolean {
  return isNewest(place) && nowMs - seenAtMs < gatewayPresenceMs;
}

/** Reports whether a place's connection is there, as far as is known. */
function isNewest(place: Place): boolean {
  return place.connection.newest === place;
}
