import { H3Event } from "h3";
import { describe, expect, it } from "vitest";
import {
  type AddressSources,
  clientProofOf,
  clientSourceOf,
} from "../../../../src/plugin/http/client-address.ts";

const peer = { address: "203.0.113.7", port: 4433 };
const other = { address: "203.0.113.8", port: 4433 };
const clients = new Map([
  ["127.64.0.1", { ...peer, isThere: true }],
  ["127.64.0.2", { ...other, isThere: true }],
  ["127.64.0.4", { ...other, isThere: false }],
]);
const forwarder = {
  clientsBy: "address",
  clientOf: (address: string, port?: number) =>
    clients.get(address === "127.0.0.1" && port === 7777 ? "127.64.0.1" : address),
} as const;
const trustedProxies = new Set(["127.0.0.1", "::1", "2001:db8::1"]);

type Ask<Answer> = (
  ip: string | undefined,
  forwardedFor?: string,
  context?: Record<string, unknown>,
  clientsBy?: "address" | "port",
) => Answer;

const addressFor: Ask<unknown> = (...request) => clientProofOf(...asked(...request))?.address ?? null;
const sourceFor: Ask<string> = (...request) => clientSourceOf(...asked(...request));

function asked(
  ip: string | undefined,
  forwardedFor?: string,
  context: Record<string, unknown> = {},
  clientsBy: "address" | "port" = "address",
): [H3Event, AddressSources] {
  const headers = forwardedFor === undefined ? {} : { "x-forwarded-for": forwardedFor };
  const request = Object.assign(new Request("https://relay.example/", { headers }), { context });
  if (ip !== undefined) Object.defineProperty(request, "ip", { value: ip });
  return [new H3Event(request), { forwarder: { ...forwarder, clientsBy }, settings: { trustedProxies } }];
}

describe("clientProofOf", () => {
  it("knows a client by the virtual address of its connection", () => {
    expect(addressFor("127.64.0.1")).toEqual(peer);
    expect(addressFor("::ffff:127.64.0.1")).toEqual(peer);
    expect(addressFor(undefined, undefined, { clientAddress: "127.64.0.2" })).toEqual(other);
  });

  it("knows no address of a client that has left the one where its connection began", () => {
    expect(addressFor("127.64.0.4")).toBeNull();
    expect(addressFor("127.0.0.1", "127.64.0.4")).toBeNull();
    expect(addressFor("127.64.0.4", "127.64.0.1")).toBeNull();
    expect(sourceFor("127.64.0.4")).toBe(sourceFor("127.64.0.2"));
  });

  it("believes the header of a trusted proxy, and only its last entry", () => {
    for (const proxy of ["127.0.0.1", "::1", "::ffff:127.0.0.1", "2001:DB8:0::1"]) {
      expect(addressFor(proxy, "127.64.0.1")).toEqual(peer);
      expect(addressFor(proxy, "127.64.0.2, 127.64.0.1")).toEqual(peer);
      expect(addressFor(proxy, "127.64.0.2,198.51.100.1")).toBeNull();
    }
  });

  it("believes no header but a trusted proxy's, nor that of a client that the splice has forgotten", () => {
    for (const stranger of ["127.64.0.3", "127.1.0.1", "127.0.0.2", "::ffff:127.64.0.3", "2001:db8::2"])
      expect(addressFor(stranger, "127.64.0.1")).toBeNull();
    expect(addressFor("127.64.0.3", "127.0.0.1, 127.64.0.1")).toBeNull();
  });

  it("believes no header at all where clients are told apart by port", () => {
    for (const proxy of ["127.0.0.1", "::1"])
      expect(addressFor(proxy, "127.64.0.1", { clientPort: 7778 }, "port")).toBeNull();
    expect(addressFor("127.0.0.1", "127.64.0.1", { clientPort: 7777 }, "port")).toEqual(peer);
  });

  it("does not let a client claim another's address", () => {
    expect(addressFor("127.64.0.1", "127.64.0.2")).toEqual(peer);
    expect(addressFor("198.51.100.1", "127.64.0.2")).toBeNull();
  });

  it("knows no address for a request that did not come through the splice", () => {
    expect(addressFor("198.51.100.1")).toBeNull();
    expect(addressFor("127.0.0.1")).toBeNull();
    expect(addressFor("127.0.0.1", "")).toBeNull();
    expect(addressFor("127.0.0.1", "unknown")).toBeNull();
    expect(addressFor("not an address")).toBeNull();
    expect(addressFor(undefined)).toBeNull();
  });

  it("tells clients apart by port where the server gives one", () => {
    expect(addressFor("127.0.0.1", undefined, { clientPort: 7777 })).toEqual(peer);
    expect(addressFor("127.0.0.1", undefined, { clientPort: 7778 })).toBeNull();
  });
});

describe("clientSourceOf", () => {
  it("is the real address of a client behind the splice", () => {
    expect(sourceFor("127.64.0.1")).toBe("203.0.113.7");
    expect(sourceFor("127.0.0.1", "127.64.0.2")).toBe("203.0.113.8");
  });

  it("is the address of a TCP connection, or what a trusted proxy says of it", () => {
    expect(sourceFor("198.51.100.1")).toBe("198.51.100.1");
    expect(sourceFor("::ffff:198.51.100.1")).toBe("198.51.100.1");
    expect(sourceFor("127.0.0.1", "192.0.2.9, 198.51.100.1")).toBe("198.51.100.1");
    expect(sourceFor("198.51.100.1", "192.0.2.9")).toBe("198.51.100.1");
  });

  it("is one for a whole /64 of IPv6", () => {
    expect(sourceFor("2001:db8::2")).toBe("2001:db8::/64");
    expect(sourceFor("2001:db8::ffff:1:2:3")).toBe("2001:db8::/64");
    expect(sourceFor("2001:db8:0:1::2")).toBe("2001:db8:0:1::/64");
  });

  it("is one for all of whom nothing is known", () => {
    const unknown = sourceFor(undefined);
    for (const ip of ["127.0.0.1", "::1", "127.64.0.3"]) expect(sourceFor(ip)).toBe(unknown);
    for (const header of ["127.64.0.3", "unknown", "", "192.0.2.9, _hidden"])
      expect(sourceFor("127.0.0.1", header)).toBe(unknown);
    expect(sourceFor("127.64.0.3", "192.0.2.9")).toBe(unknown);
  });
});
