import { describe, expect, it } from "vitest";
import { virtualAddressQuarantineMs } from "../../../src/defaults.ts";
import { virtualAddressCount, VirtualAddresses } from "../../../src/forwarder/virtual-addresses.ts";

describe("VirtualAddresses", () => {
  it("begins at 127.1.0.1 and leaves .0 and .255 out", () => {
    const addresses = new VirtualAddresses(0);
    const taken = Array.from({ length: 256 }, () => addresses.take(0));
    expect([taken[0], taken[253], taken[254]]).toEqual(["127.1.0.1", "127.1.0.254", "127.1.1.1"]);
  });

  it("ends at 127.255.255.254 and goes round", () => {
    const addresses = new VirtualAddresses(virtualAddressCount - 1);
    expect([addresses.take(0), addresses.take(0)]).toEqual(["127.255.255.254", "127.1.0.1"]);
  });

  it("gives none out twice, and says so when there are no more", () => {
    const addresses = new VirtualAddresses(2, 3);
    const taken = Array.from({ length: 3 }, () => addresses.take(0));
    expect(taken).toEqual(["127.1.0.3", "127.1.0.1", "127.1.0.2"]);
    expect(addresses.take(0)).toBeUndefined();
  });

  it("lets a released one rest before it is given out again", () => {
    const addresses = new VirtualAddresses(0, 3);
    for (let i = 0; i < 3; i++) addresses.take(0);
    addresses.release("127.1.0.2", 1000);
    expect(addresses.take(1000 + virtualAddressQuarantineMs - 1)).toBeUndefined();
    expect(addresses.take(1000 + virtualAddressQuarantineMs)).toBe("127.1.0.2");
  });

  it("goes on from where it stands when several are free", () => {
    const addresses = new VirtualAddresses(0, 3);
    for (let i = 0; i < 3; i++) addresses.take(0);
    addresses.release("127.1.0.3", 0);
    addresses.release("127.1.0.1", 0);
    expect(addresses.take(virtualAddressQuarantineMs)).toBe("127.1.0.1");
    expect(addresses.take(virtualAddressQuarantineMs)).toBe("127.1.0.3");
  });

  it("ignores the release of an address that it did not give out", () => {
    const addresses = new VirtualAddresses(0, 1);
    addresses.release("127.0.0.1", 0);
    expect(addresses.take(0)).toBe("127.1.0.1");
  });
});
