import { H3Event } from "h3";
import { describe, expect, it } from "vitest";
import { clientAddressOf, isLoopback } from "../../../src/plugin/client-address.ts";

const peer = { address: "203.0.113.7", port: 4433 };
const other = { address: "203.0.113.8", port: 4433 };
const clients = new Map([
  ["127.64.0.1", peer],
  ["127.64.0.2", other],
]);
const forwarder = {
  clientsBy: "address",
  clientOf: (address: string, port?: number) =>
    address === "127.0.0.1" && port === 7777 ? peer : clients.get(address),
} as const;
const trustedProxies = new Set(["127.0.0.1", "::1", "2001:db8::1"]);

function addressFor(
  ip: string | undefined,
  forwardedFor?: string,
  context: Record<string, unknown> = {},
  clientsBy: "address" | "port" = "address",
): unknown {
  const headers = forwardedFor === undefined ? {} : { "x-forwarded-for": forwardedFor };
  const request = Object.assign(new Request("https://relay.example/", { headers }), { context });
  if (ip !== undefined) Object.defineProperty(request, "ip", { value: ip });
  return clientAddressOf(new H3Event(request), { ...forwarder, clientsBy }, trustedProxies);
}

describe("clientAddressOf", () => {
  it("knows a client by the virtual address of its connection", () => {
    expect(addressFor("127.64.0.1")).toBe(peer);
    expect(addressFor("::ffff:127.64.0.1")).toBe(peer);
    expect(addressFor(undefined, undefined, { clientAddress: "127.64.0.2" })).toBe(other);
  });

  it("believes the header of a trusted proxy, and only its last entry", () => {
    for (const proxy of ["127.0.0.1", "::1", "::ffff:127.0.0.1", "2001:DB8:0::1"]) {
      expect(addressFor(proxy, "127.64.0.1")).toBe(peer);
      expect(addressFor(proxy, "127.64.0.2, 127.64.0.1")).toBe(peer);
      expect(addressFor(proxy, "127.64.0.2,198.51.100.1")).toBeNull();
    }
  });

  it("believes no header of anybody else, nor of a client that the splice has forgotten", () => {
    for (const stranger of ["127.64.0.3", "127.1.0.1", "127.0.0.2", "::ffff:127.64.0.3", "2001:db8::2"])
      expect(addressFor(stranger, "127.64.0.1")).toBeNull();
    expect(addressFor("127.64.0.3", "127.0.0.1, 127.64.0.1")).toBeNull();
  });

  it("believes no header at all where clients are told apart by port", () => {
    for (const proxy of ["127.0.0.1", "::1"])
      expect(addressFor(proxy, "127.64.0.1", { clientPort: 7778 }, "port")).toBeNull();
    expect(addressFor("127.0.0.1", "127.64.0.1", { clientPort: 7777 }, "port")).toBe(peer);
  });

  it("does not let a client claim another's address", () => {
    expect(addressFor("127.64.0.1", "127.64.0.2")).toBe(peer);
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
    expect(addressFor("127.0.0.1", undefined, { clientPort: 7777 })).toBe(peer);
    expect(addressFor("127.0.0.1", undefined, { clientPort: 7778 })).toBeNull();
  });
});

describe("isLoopback", () => {
  it.each([
    ["127.0.0.1", true],
    ["127.255.0.9", true],
    ["::1", true],
    ["128.0.0.1", false],
    ["::", false],
    ["localhost", false],
    ["", false],
  ])("%j: %s", (text, expected) => {
    expect(isLoopback(text)).toBe(expected);
  });
});
