import { describe, expect, it } from "vitest";
import { PathMap } from "../../../../src/forwarder/udp/path-map.ts";

const peer = { address: "203.0.113.7", port: 4433 };

describe("a map by path", () => {
  it("tells apart who talks to different addresses of this host, or to one that is not known", () => {
    const map = new PathMap<string>();
    const paths = [{ ...peer, local: "192.0.2.1" }, { ...peer, local: "192.0.2.11" }, peer];
    paths.forEach((path, i) => map.set(path, `client ${i}`));
    expect(paths.map((path) => map.get({ ...path }))).toEqual(["client 0", "client 1", "client 2"]);
    expect([map.size, map.values()]).toEqual([3, ["client 0", "client 1", "client 2"]]);
    expect(map.get({ ...peer, local: "192.0.2.2" })).toBeUndefined();
    expect(map.get({ ...paths[0]!, port: 4434 })).toBeUndefined();
  });

  it("counts what is there, whatever is set or deleted twice", () => {
    const map = new PathMap<number>();
    const path = { ...peer, local: "192.0.2.1" };
    map.set(path, 1);
    map.set(path, 2);
    expect([map.size, map.get(path)]).toEqual([1, 2]);
    map.delete(path);
    map.delete(path);
    map.delete(peer);
    expect([map.size, map.values(), map.get(path)]).toEqual([0, [], undefined]);
  });
});
