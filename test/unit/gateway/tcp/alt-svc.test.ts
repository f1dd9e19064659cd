import { describe, expect, it } from "vitest";
import { altSvc } from "../../../../src/gateway/tcp/alt-svc.ts";

describe("Alt-Svc", () => {
  it("names the port alone where the host is the one that was asked", () => {
    expect(altSvc({ port: 4433 }, "relay.example:8443")).toBe('h3=":4433"; ma=86400');
    for (const authority of ["relay.example", "RELAY.example:8443", "relay.example:443"])
      expect(altSvc({ host: "Relay.Example", port: 443 }, authority)).toBe('h3=":443"; ma=86400');
    expect(altSvc({ host: "2001:DB8::1", port: 443 }, "[2001:db8:0::1]:8443")).toBe('h3=":443"; ma=86400');
  });

  it("names the host where it is another, or where none was asked", () => {
    for (const authority of ["other.example", "", undefined, "a b", "relay.example.org"])
      expect(altSvc({ host: "relay.example", port: 443 }, authority)).toBe(
        'h3="relay.example:443"; ma=86400',
      );
    expect(altSvc({ host: "2001:db8::1", port: 443 }, "relay.example")).toBe(
      'h3="[2001:db8::1]:443"; ma=86400',
    );
  });
});
