import { BlockList, isIP, isIPv6 } from "node:net";
import type { H3Event } from "h3";
import type { Forwarder } from "../forwarder/index.ts";
import { type Address, unmapAddress } from "../wire/address.ts";

const loopback: BlockList = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

/** Tells whether a text is a loopback IP literal. */
export function isLoopback(text: string): boolean {
  return isIP(text) !== 0 && loopback.check(text, isIPv6(text) ? "ipv6" : "ipv4");
}

/**
 * Finds the real address of the client behind the splice (design section 4), or `null` for a request that
 * did not come through it. Beside the connection's own address only the last entry of `X-Forwarded-For`
 * counts, and only from loopback: a reverse proxy appended it, while all before it is the client's word.
 */
export function clientAddressOf(event: H3Event, forwarder: Pick<Forwarder, "clientOf">): Address | null {
  const { ip, port } = connectionAddressOf(event);
  if (ip === undefined || !isLoopback(ip)) return null;
  const client = forwarder.clientOf(ip, port);
  if (client) return client;
  const forwarded = event.req.headers.get("x-forwarded-for")?.split(",").at(-1)?.trim();
  return (forwarded && forwarder.clientOf(forwarded)) || null;
}

/** The address that the HTTP server gives; a port only where it knows one. */
function connectionAddressOf(event: H3Event): { ip: string | undefined; port: number | undefined } {
  const context = event.req.context;
  const ip = event.req.ip ?? context?.["clientAddress"] ?? event.context.clientAddress;
  const port = context?.["clientPort"];
  return {
    ip: typeof ip === "string" ? unmapAddress(ip) : undefined,
    port: typeof port === "number" ? port : undefined,
  };
}
