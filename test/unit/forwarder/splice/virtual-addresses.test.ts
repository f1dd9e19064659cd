import { describe, expect, it } from "vitest";
import { virtualAddressQuarantineMs } from "../../../../src/defaults/index.ts";
import { isVirtualAddress, VirtualAddresses } from "../../../../src/forwarder/splice/virtual-addresses.ts";

const key = [0x03020100, 0x07060504] as const;

describe("VirtualAddresses", () => {
  it("gives out the addresses that the C gives out under the same key", () => {
    const addresses = new VirtualAddresses(key);
    // test/native/unit/splice.c has the same.
    expect([addresses.take(0), addresses.take(0), addresses.take(0)]).toEqual([
      "127.167.111.123",
      "127.217.52.186",
      "127.12.16.27",
    ]);
  });

  it("gives out addresses of its range alone, in an order that only the key tells", () => {
    const [some, others] = [new VirtualAddresses(key), new VirtualAddresses([1, 2])].map((addresses) =>
      Array.from({ length: 1000 }, () => addresses.take(0)!),
    );
    expect(some).not.toEqual(others);
    expect(some!.every((address) => isVirtualAddress(address) && !/\.(0|255)$/.test(address))).toBe(true);
    expect(new Set(some).size).toBe(1000);
  });

  it("gives none out twice, and says so when there are no more", () => {
    const addresses = new VirtualAddresses(key, 3);
    const taken = Array.from({ length: 3 }, () => addresses.take(0));
    expect(taken.toSorted()).toEqual(["127.1.0.1", "127.1.0.2", "127.1.0.3"]);
    expect(addresses.take(0)).toBeUndefined();
  });

  it("lets a released one rest before it is given out again", () => {
    const addresses = new VirtualAddresses(key, 3);
    for (let i = 0; i < 3; i++) addresses.take(0);
    addresses.release("127.1.0.2", 1000);
    expect(addresses.take(1000 + virtualAddressQuarantineMs - 1)).toBeUndefined();
    expect(addresses.take(1000 + virtualAddressQuarantineMs)).toBe("127.1.0.2");
  });

  it("gives each out before one comes up again, however soon that is free", () => {
    const addresses = new VirtualAddresses(key, 200);
    const first = addresses.take(0)!;
    addresses.release(first, 0);
    const nowMs = virtualAddressQuarantineMs;
    const taken = Array.from({ length: 200 }, () => addresses.take(nowMs));
    expect(taken.indexOf(first)).toBe(199);
  });

  it("ignores the release of an address that it did not give out", () => {
    const addresses = new VirtualAddresses(key, 1);
    addresses.release("127.0.0.1", 0);
    expect(addresses.take(0)).toBe("127.1.0.1");
  });
});

describe("isVirtualAddress", () => {
  it.each([
    ["127.1.0.1", true],
    ["127.255.255.254", true],
    ["127.0.0.1", false],
    ["127.0.255.1", false],
    ["128.1.0.1", false],
    ["::1", false],
    ["127.1", false],
    ["", false],
  ])("%j: %s", (text, expected) => {
    expect(isVirtualAddress(text)).toBe(expected);
  });
});
