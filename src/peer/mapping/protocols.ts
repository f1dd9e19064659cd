import { mappingLifetimeSeconds } from "../../defaults/index.ts";
import type { Address } from "../../wire/address.ts";
import { granted, type LookAnswer, type MapAnswer, type MappingService } from "./answers.ts";
import type { RouterExchange } from "./exchange.ts";
import {
  encodeNatPmpAddressRequest,
  encodeNatPmpMap,
  type NatPmpMapRequest,
  parseNatPmpAddress,
  parseNatPmpMapping,
} from "./nat-pmp.ts";
import {
  encodePcpAnnounce,
  encodePcpMap,
  parsePcpAnnounceAnswer,
  parsePcpMapAnswer,
  type PcpMapping,
} from "./pcp.ts";

/** What to map. */
export interface Mapping extends PcpMapping {
  /** What the router had granted before. */
  readonly suggested?: Address | undefined;
}

/** A protocol that routers map ports by. Each function resolves with `undefined` if no answer comes, or `signal` aborts. */
export interface MappingProtocol {
  readonly service: MappingService;
  /** Asks for a mapping, or for its renewal. */
  map(exchange: RouterExchange, mapping: Mapping, signal: AbortSignal): Promise<MapAnswer | undefined>;
  /** Gives a mapping back. */
  unmap(exchange: RouterExchange, mapping: Mapping): Promise<unknown>;
  /** Asks for nothing but an answer, which tells whether a mapping is still there. */
  look(exchange: RouterExchange, signal?: AbortSignal): Promise<LookAnswer | undefined>;
}

const pcp: MappingProtocol = {
  service: "pcp",

  map: (exchange, mapping, signal) => askPcp(exchange, mapping, mappingLifetimeSeconds, signal),

  unmap: (exchange, { nonce, internalPort }) => askPcp(exchange, { nonce, internalPort }, 0),

  look: (exchange, signal) =>
    exchange.ask(encodePcpAnnounce(exchange.localAddress), parsePcpAnnounceAnswer, signal),
};

const natPmp: MappingProtocol = {
  service: "nat-pmp",

  async map(exchange, { internalPort, suggested }, signal) {
    const state = await exchange.ask(encodeNatPmpAddressRequest(), parseNatPmpAddress, signal);
    if (state?.kind !== "address") return state;
    const request = { internalPort, suggestedPort: suggested?.port ?? 0 };
    const mapped = await askNatPmp(exchange, { ...request, lifetimeSeconds: mappingLifetimeSeconds }, signal);
    if (mapped?.kind !== "mapped") return mapped;
    const { epochSeconds, lifetimeSeconds, externalPort: port } = mapped;
    return granted({ epochSeconds, lifetimeSeconds, address: { address: state.externalAddress, port } });
  },

  unmap: (exchange, { internalPort }) =>
    askNatPmp(exchange, { internalPort, suggestedPort: 0, lifetimeSeconds: 0 }),

  async look(exchange, signal) {
    const state = await exchange.ask(encodeNatPmpAddressRequest(), parseNatPmpAddress, signal);
    if (state?.kind !== "address") return state && { kind: "state", epochSeconds: state.epochSeconds };
    return { ...state, kind: "state" };
  },
};

/** Those that every router is asked by, in this order: PCP's nonce makes its answers hard to forge. */
export const mappingProtocols: readonly [pcp: MappingProtocol, natPmp: MappingProtocol] = [pcp, natPmp];

function askPcp(exchange: RouterExchange, mapping: Mapping, lifetimeSeconds: number, signal?: AbortSignal) {
  const request = encodePcpMap({ ...mapping, clientAddress: exchange.localAddress, lifetimeSeconds });
  return exchange.ask(request, (datagram) => parsePcpMapAnswer(datagram, mapping), signal);
}

function askNatPmp(exchange: RouterExchange, request: NatPmpMapRequest, signal?: AbortSignal) {
  return exchange.ask(
    encodeNatPmpMap(request),
    (datagram) => parseNatPmpMapping(datagram, request.internalPort),
    signal,
  );
}
