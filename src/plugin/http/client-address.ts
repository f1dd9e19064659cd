import { isIP } from "node:net";
import type { H3Event } from "h3";
import type { Forwarder } from "../../forwarder/index.ts";
import type { AddressProof } from "../../registry/index.ts";
import { steadyNow } from "../../steady-clock.ts";
import { isLoopback, plainIp } from "../../wire/address.ts";
import { sourceName, unknownSource } from "../../wire/source.ts";

/** The parts of a relay needed to locate a client. */
export interface AddressSources {
  readonly forwarder: Pick<Forwarder, "clientOf" | "clientsBy">;
  readonly settings: {
    /**
     * Canonical IP literals, none of them assigned by the splice. A client that the splice has forgotten proves nothing,
     * whatever its headers claim.
     */
    readonly trustedProxies: ReadonlySet<string>;
  };
}

/**
 * Returns the real address of the client behind the splice, as proven by a newly arrived request, or `null` if it proves none.
 * A migrated connection proves none, as the HTTP server reports the address where it began.
 */
export function clientProofOf(event: H3Event, sources: AddressSources): AddressProof | null {
  const { ip, port } = originOf(event, sources);
  const client = ip === undefined ? undefined : sources.forwarder.clientOf(ip, port);
  if (!client?.isThere) return null;
  const { isThere: _, ...address } = client;
  return { address, atMs: steadyNow() };
}

/**
 * Returns the name under which clients share limits where tokens do not identify them: an IPv4 address or an IPv6 /64, as
 * proven by the QUIC or TCP handshake to the relay or to a trusted proxy. Clients of unknown origin share one name. So does
 * loopback: any client that the splice has forgotten appears there.
 */
export function clientSourceOf(event: H3Event, sources: AddressSources): string {
  const { ip, port } = originOf(event, sources);
  if (ip === undefined) return unknownSource;
  const client = sources.forwarder.clientOf(ip, port);
  if (client) return sourceName(client.address);
  return isLoopback(ip) ? unknownSource : sourceName(ip);
}

/** An address as reported by an HTTP server or a proxy. */
interface Origin {
  readonly ip: string | undefined;
  readonly port: number | undefined;
}

/**
 * Returns the origin of a request. The connection's own evidence takes precedence. `X-Forwarded-For` counts only from a
 * trusted proxy, and only its last entry: the proxy appended that one, while the client may have sent the others.
 */
function originOf(event: H3Event, { forwarder, settings }: AddressSources): Origin {
  const connection = connectionAddressOf(event);
  const { ip, port } = connection;
  if (ip === undefined || forwarder.clientOf(ip, port)) return connection;
  // Where ports tell clients apart, the splice's own address is a proxy's here, and the header has no port.
  if (forwarder.clientsBy === "port" || !settings.trustedProxies.has(ip)) return connection;
  const forwarded = event.req.headers.get("x-forwarded-for")?.split(",").at(-1)?.trim() ?? "";
  return isIP(forwarded) === 0 ? connection : { ip: plainIp(forwarded), port: undefined };
}

/** Returns the address reported by the HTTP server, with the port if it is known. */
function connectionAddressOf(event: H3Event): Origin {
  const context = event.req.context;
  const ip = event.req.ip ?? context?.["clientAddress"] ?? event.context.clientAddress;
  const port = context?.["clientPort"];
  return {
    ip: typeof ip === "string" ? plainIp(ip) : undefined,
    port: typeof port === "number" ? port : undefined,
  };
}
