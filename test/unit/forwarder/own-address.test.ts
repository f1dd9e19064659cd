import { describe, expect, it } from "vitest";
import { isOwnAddress } from "../../../src/forwarder/own-address.ts";

const interfaces = ["127.0.0.1", "::1", "192.0.2.1", "2001:db8::1"];
const own = (to: string, bound: string, port = 4433): boolean =>
  isOwnAddress({ address: to, port }, { address: bound, port: 4433 }, () => interfaces);

/** Interfaces that nobody may ask for. */
function unasked(): string[] {
  return expect.unreachable("the system was asked for its interfaces");
}

describe("isOwnAddress", () => {
  it("knows every interface's address where all are bound", () => {
    expect(interfaces.map((address) => own(address, "::"))).toEqual([true, true, true, true]);
    expect(interfaces.map((address) => own(address, "0.0.0.0"))).toEqual([true, false, true, false]);
    expect(own("127.9.9.9", "::")).toBe(true);
    expect(own("198.51.100.1", "::")).toBe(false);
  });

  it("knows the one address that is bound", () => {
    expect(own("192.0.2.1", "192.0.2.1")).toBe(true);
    expect(own("127.0.0.1", "192.0.2.1")).toBe(false);
  });

  it("takes the unspecified address for loopback", () => {
    expect(own("0.0.0.0", "127.0.0.1")).toBe(true);
    expect(own("::", "::1")).toBe(true);
    expect(own("0.0.0.0", "192.0.2.1")).toBe(false);
  });

  it("leaves other ports alone", () => {
    expect(own("127.0.0.1", "::", 4434)).toBe(false);
    const other = { address: "127.0.0.1", port: 4434 };
    expect(isOwnAddress(other, { address: "::", port: 4433 }, unasked)).toBe(false);
  });
});
