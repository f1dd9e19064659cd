import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AddressMap, PathMap } from "../../../../src/forwarder/udp/address-map.ts";

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

const peer = { address: "203.0.113.7", port: 4433 };

describe("a map by path", () => {
  it("tells apart who talks to different addresses of this host, or to one that is not known", () => {
    const map = new PathMap<string>();
    const paths = [{ ...peer, local: "192.0.2.1" }, { ...peer, local: "192.0.2.11" }, peer];
    paths.forEach((path, i) => map.set(path, `client ${i}`));
    expect(paths.map((path) => map.get({ ...path }))).toEqual(["client 0", "client 1", "client 2"]);
    expect(map.values()).toEqual(["client 0", "client 1", "client 2"]);
    expect(map.get({ ...peer, local: "192.0.2.2" })).toBeUndefined();
    expect(map.get({ ...paths[0]!, port: 4434 })).toBeUndefined();
  });

  it("has a value at a path once, even if it is set or deleted twice", () => {
    const map = new PathMap<number>();
    const path = { ...peer, local: "192.0.2.1" };
    map.set(path, 1);
    map.set(path, 2);
    expect([map.values(), map.get(path)]).toEqual([[2], 2]);
    map.delete(path);
    map.delete(path);
    map.delete(peer);
    expect([map.values(), map.get(path)]).toEqual([[], undefined]);
  });
});
