import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AddressMap } from "../../../../src/forwarder/udp/address-map.ts";

describe("AddressMap", () => {
  it("does what a Map with both keys in one does", () => {
    const change = fc.record({
      address: fc.constantFrom("192.0.2.1", "192.0.2.2", "2001:db8::1"),
      port: fc.nat(4),
      value: fc.nat(3),
      removes: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 80 }), (changes) => {
        const map = new AddressMap<number>();
        const model = new Map<string, number>();
        for (const { address, port, value, removes } of changes) {
          if (removes) map.delete(address, port);
          else map.set(address, port, value);
          if (removes) model.delete(`${address}|${port}`);
          else model.set(`${address}|${port}`, value);
        }
        expect(map.size).toBe(model.size);
        expect(map.values().toSorted()).toEqual([...model.values()].toSorted());
        for (const address of ["192.0.2.1", "192.0.2.2", "2001:db8::1", "192.0.2.3"])
          for (let port = 0; port <= 4; port++)
            expect(map.get(address, port)).toBe(model.get(`${address}|${port}`));
      }),
    );
  });
});
