import { randomBytes } from "node:crypto";
import { mappingRetryMs } from "../../defaults/index.ts";
import type { Address } from "../../wire/address.ts";
import { pause } from "../time/pause.ts";
import type { MappingReason, MappingService } from "./answers.ts";
import { askForMapping } from "./attempt.ts";
import { openExchange, type RouterExchange } from "./exchange.ts";
import { HeldMapping } from "./held-mapping.ts";
import { pcpNonceBytes } from "./pcp.ts";
import { type Mapping, type MappingProtocol, mappingProtocols } from "./protocols.ts";
import type { OpenRouterSocket } from "./router-socket.ts";
import { Upnp } from "./upnp/upnp.ts";

/** What a {@link PortMapping} is made of. */
export interface PortMappingParts {
  /** Local UDP port of the peer. */
  readonly internalPort: number;
  /** Returns the IPv4 address of the router, if there is one. Asked each time, as the network may change. */
  readonly router: () => string | undefined;
  readonly openSocket: OpenRouterSocket;
  /** Whether to ask by UPnP where the router knows nothing else. */
  readonly upnp?: boolean | undefined;
  /** The address or the state has changed. */
  readonly onChange: () => void;
}

/** The protocol that a port is mapped by, if it is; and why it is not, or why it was not renewed. */
export interface PortMappingState {
  readonly service?: MappingService | undefined;
  readonly reason?: MappingReason | undefined;
}

/** Where requests come from and go to, and what they ask for. A mapping made in another place is of no use. */
interface Place {
  readonly router: string;
  readonly localAddress: string;
  readonly mapping: Mapping;
}

/**
 * A port of the router that leads to the peer's UDP port: asked for by PCP, NAT-PMP or UPnP, renewed at half of its life, asked
 * for anew when the router has restarted, and given back on close. Whatever fails is a state, and is tried again.
 */
export class PortMapping {
  readonly #parts: PortMappingParts;
  readonly #protocols: readonly MappingProtocol[];
  readonly #closing = new AbortController();
  #waking = new AbortController();
  #running: Promise<void> | undefined;
  #place: Place | undefined;
  #held: HeldMapping | undefined;
  #reason: MappingReason | undefined;
  #told = "";

  constructor(parts: PortMappingParts) {
    this.#parts = parts;
    this.#protocols = parts.upnp ? [...mappingProtocols, new Upnp()] : mappingProtocols;
  }

  /** The address that others reach the peer by. It may be private, where another NAT is beyond the router. */
  get address(): Address | undefined {
    return this.#held?.address;
  }

  get state(): PortMappingState {
    return { service: this.#held?.protocol.service, reason: this.#reason };
  }

  /** Asks for the mapping, from now on. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** Asks for the mapping again now, as after a change of the network. */
  refresh(): void {
    this.#waking.abort();
  }

  /** Gives the mapping back, and ends: in 0.5 s at most, or 2 s by UPnP, if the router no longer answers. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#waking.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    let isForced = true;
    while (!this.#closing.signal.aborted) {
      const { signal } = (this.#waking = new AbortController());
      await this.#withRouter((exchange, place) => this.#turn(exchange, place, isForced));
      this.#tell();
      await pause(this.#waitMs(), signal);
      isForced = signal.aborted;
    }
    if (!this.#held) return;
    await this.#withRouter((exchange, { mapping }) => this.#held?.protocol.unmap(exchange, mapping));
    this.#held = undefined;
  }

  /** Runs `talk` with a socket of its own, as the host's address may have changed since the last. */
  async #withRouter(talk: (exchange: RouterExchange, place: Place) => unknown): Promise<void> {
    const router = this.#parts.router();
    const exchange = router === undefined ? undefined : await openExchange(this.#parts.openSocket, router);
    if (this.#held?.hasEnded(performance.now())) this.#held = undefined;
    if (router === undefined || !exchange) {
      this.#reason = router === undefined ? "no-router" : "no-socket";
      return;
    }
    try {
      await talk(exchange, this.#placeOf(router, exchange.localAddress));
    } finally {
      exchange.close();
    }
  }

  #placeOf(router: string, localAddress: string): Place {
    if (this.#place?.router === router && this.#place.localAddress === localAddress) return this.#place;
    this.#held = undefined;
    const nonce = randomBytes(pcpNonceBytes);
    this.#place = { router, localAddress, mapping: { nonce, internalPort: this.#parts.internalPort } };
    return this.#place;
  }

  async #turn(exchange: RouterExchange, place: Place, isForced: boolean): Promise<void> {
    const suggested = this.#held?.address;
    if (this.#held && !isForced && !(await this.#needsRequest(this.#held, exchange))) return;
    const mapping = { ...place.mapping, suggested };
    const protocols = this.#held ? [this.#held.protocol] : this.#protocols;
    const result = await askForMapping(exchange, mapping, protocols, this.#closing.signal);
    this.#reason = "reason" in result ? result.reason : undefined;
    if ("granted" in result) this.#held = new HeldMapping(result.protocol, result.granted, performance.now());
  }

  /** Lets go of a mapping that the router has lost. */
  async #needsRequest(held: HeldMapping, exchange: RouterExchange): Promise<boolean> {
    if (this.#reason !== undefined || held.isDue(performance.now())) return true;
    const state = await held.protocol.look(exchange, this.#closing.signal);
    if (!state || !held.isLost(state, performance.now())) return false;
    this.#held = undefined;
    return true;
  }

  #waitMs(): number {
    const nowMs = performance.now();
    if (!this.#held) return mappingRetryMs;
    return this.#reason === undefined ? this.#held.waitMs(nowMs) : this.#held.retryMs(nowMs);
  }

  #tell(): void {
    const told = JSON.stringify([this.address, this.state]);
    if (told === this.#told || this.#closing.signal.aborted) return;
    this.#told = told;
    this.#parts.onChange();
  }
}
