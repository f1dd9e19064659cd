import { isIP } from "node:net";
import type { H3Event } from "h3";
import type { Forwarder } from "../../forwarder/index.ts";
import type { AddressProof } from "../../registry/index.ts";
import { steadyNow } from "../../steady-clock.ts";
import type { PeerAddress } from "../../wire/address.ts";
import { isLoopback, plainIp } from "../../wire/ip.ts";
import { sourceName } from "../../wire/source.ts";

/** What tells where a request comes from. */
export interface AddressSources {
  readonly forwarder: Pick<Forwarder, "clientOf" | "clientsBy">;
  readonly settings: {
    /**
     * Canonical IP literals, none of which the splice gives out: a client that it has forgotten proves nothing, whatever
     * it sends.
     */
    readonly trustedProxies: ReadonlySet<string>;
  };
}

/**
 * Finds the real address of the client behind the splice, or `null` for a request that proves none, such as one of a
 * connection that has moved: the HTTP server tells where it began.
 */
export function clientAddressOf(event: H3Event, sources: AddressSources): PeerAddress | null {
  const { ip, port } = originOf(event, sources);
  const client = ip === undefined ? undefined : sources.forwarder.clientOf(ip, port);
  if (!client?.isThere) return null;
  const { isThere: _, ...address } = client;
  return address;
}

/** What a request that has just come proves. */
export function clientProofOf(event: H3Event, sources: AddressSources): AddressProof | null {
  const address = clientAddressOf(event, sources);
  return address && { address, atMs: steadyNow() };
}

/**
 * Names who shares a limit where names do not tell clients apart: an IPv4 address, an IPv6 /64, as the handshake of QUIC
 * or TCP proved it to us or to a trusted proxy. Those of whom nothing is known have one share in common; so has loopback,
 * where a client that the splice has forgotten could be anybody.
 */
export function clientSourceOf(event: H3Event, sources: AddressSources): string {
  const { ip, port } = originOf(event, sources);
  if (ip === undefined) return unknownSource;
  const client = sources.forwarder.clientOf(ip, port);
  if (client) return sourceName(client.address);
  return isLoopback(ip) ? unknownSource : sourceName(ip);
}

const unknownSource = "unknown";

/** An address as an HTTP server or a proxy gives it. */
interface Origin {
  readonly ip: string | undefined;
  readonly port: number | undefined;
}

/**
 * Where a request comes from. What the connection itself proves goes first; `X-Forwarded-For` counts from a trusted proxy
 * alone, and of it the last entry: the proxy appended that, while all before it is the client's word.
 */
function originOf(event: H3Event, { forwarder, settings }: AddressSources): Origin {
  const connection = connectionAddressOf(event);
  const { ip, port } = connection;
  if (ip === undefined || forwarder.clientOf(ip, port)) return connection;
  // Where ports tell clients apart, the splice's own address is that of a proxy here, and a header has no port.
  if (forwarder.clientsBy === "port" || !settings.trustedProxies.has(ip)) return connection;
  const forwarded = event.req.headers.get("x-forwarded-for")?.split(",").at(-1)?.trim() ?? "";
  return isIP(forwarded) === 0 ? connection : { ip: plainIp(forwarded), port: undefined };
}

/** The address that the HTTP server gives; a port only where it knows one. */
function connectionAddressOf(event: H3Event): Origin {
  const context = event.req.context;
  const ip = event.req.ip ?? context?.["clientAddress"] ?? event.context.clientAddress;
  const port = context?.["clientPort"];
  return {
    ip: typeof ip === "string" ? plainIp(ip) : undefined,
    port: typeof port === "number" ? port : undefined,
  };
}
