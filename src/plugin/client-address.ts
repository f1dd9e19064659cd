import { BlockList, isIP, isIPv6 } from "node:net";
import type { H3Event } from "h3";
import type { Forwarder } from "../forwarder/index.ts";
import type { Address } from "../wire/address.ts";
import { plainIp } from "../wire/ip.ts";

const loopback: BlockList = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

/** Tells whether a text is a loopback IP literal. */
export function isLoopback(text: string): boolean {
  return isIP(text) !== 0 && loopback.check(text, isIPv6(text) ? "ipv6" : "ipv4");
}

/**
 * Finds the real address of the client behind the splice, or `null` for a request that proves none. What the
 * connection itself proves goes first; `X-Forwarded-For` counts from a trusted proxy alone, and of it the last
 * entry: the proxy appended that, while all before it is the client's word.
 *
 * @param trustedProxies canonical IP literals, none of which the splice gives out: a client that it has forgotten
 *   proves nothing, whatever it sends.
 */
export function clientAddressOf(
  event: H3Event,
  forwarder: Pick<Forwarder, "clientOf" | "clientsBy">,
  trustedProxies: ReadonlySet<string>,
): Address | null {
  const { ip, port } = connectionAddressOf(event);
  if (ip === undefined) return null;
  const client = forwarder.clientOf(ip, port);
  if (client) return client;
  // Where ports tell clients apart, the splice's own address is that of a proxy here, and a header has no port.
  if (forwarder.clientsBy !== "address" || !trustedProxies.has(ip)) return null;
  const forwarded = event.req.headers.get("x-forwarded-for")?.split(",").at(-1)?.trim();
  return (forwarded && forwarder.clientOf(forwarded)) || null;
}

/** The address that the HTTP server gives; a port only where it knows one. */
function connectionAddressOf(event: H3Event): { ip: string | undefined; port: number | undefined } {
  const context = event.req.context;
  const ip = event.req.ip ?? context?.["clientAddress"] ?? event.context.clientAddress;
  const port = context?.["clientPort"];
  return {
    ip: typeof ip === "string" ? plainIp(ip) : undefined,
    port: typeof port === "number" ? port : undefined,
  };
}
