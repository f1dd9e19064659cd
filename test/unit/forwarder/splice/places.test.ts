import { describe, expect, it } from "vitest";
import { maxMovedPlaces } from "../../../../src/defaults/index.ts";
import {
  type Place,
  type PlaceLimits,
  placeLimits,
  Places,
} from "../../../../src/forwarder/splice/places.ts";

const limits: PlaceLimits = {
  max: 16,
  maxOnProbation: 4,
  maxSettled: 12,
  maxStrangers: 2,
  maxOfShare: 8,
  perSecond: 1000,
  sharePerSecond: 100,
  burst: 40,
};

/** Places, and who has one by a name. */
function createPlaces(change: Partial<PlaceLimits> = {}): {
  places: Places;
  present: Set<string>;
  come: (name: string, address?: string, isStranger?: boolean, nowMs?: number) => Place | string;
} {
  const places = new Places({ ...limits, ...change }, 0);
  const present = new Set<string>();
  return {
    places,
    present,
    come(name, address = "192.0.2.1", isStranger = false, nowMs = 0) {
      const place = places.open({ address, isStranger }, nowMs);
      if (typeof place === "string") return place;
      present.add(name);
      place.onGivenUp = () => present.delete(name);
      return place;
    },
  };
}

describe("Places", () => {
  it("give up the oldest on probation for the newest", () => {
    const { places, present, come } = createPlaces();
    for (const name of "abcdef") come(name);
    expect([...present].join("")).toBe("cdef");
    expect([places.size, places.onProbation]).toEqual([4, 4]);
  });

  it("give up the oldest stranger for a stranger", () => {
    const { present, come } = createPlaces();
    come("a");
    for (const [i, name] of [..."bcd"].entries()) come(name, "192.0.2.1", true, 1000 * i);
    expect([...present].join("")).toBe("acd");
  });

  it("count what comes with a known connection in the share of its first address, some at a time", () => {
    const { places, present, come } = createPlaces({ maxOnProbation: 16, maxOfShare: maxMovedPlaces + 2 });
    const first = come("first") as Place;
    places.graduate(first, 0);
    const move = (name: string): void => {
      const place = places.open(
        { address: `198.51.100.${name}`, isStranger: false, connection: first.connection },
        0,
      ) as Place;
      present.add(name);
      place.onGivenUp = () => present.delete(name);
    };
    for (const name of "123456") move(name);
    expect([...present]).toEqual(["first", "3", "4", "5", "6"]);
    expect([places.size, first.connection.share.places]).toEqual([5, 5]);
    come("second");
    come("third");
    expect([...present]).toEqual(["first", "4", "5", "6", "second", "third"]);
    come("elsewhere", "198.51.100.1");
    expect(places.size).toBe(7);
  });

  it("refuse a source that has its share, an IPv4 address or an IPv6 /64, and no other", () => {
    const { places, come } = createPlaces({ maxSettled: 16 });
    const stay = (address: string): string => {
      const place = come("", address);
      if (typeof place === "string") return place;
      places.graduate(place, 0);
      return "in";
    };
    const stays = (address: string): Set<string> => new Set(Array.from({ length: 8 }, () => stay(address)));
    expect(stays("::ffff:192.0.2.1")).toEqual(new Set(["in"]));
    expect(stay("192.0.2.1")).toBe("gateway-share");
    expect(stays("2001:db8::1:0:0:1")).toEqual(new Set(["in"]));
    expect(stay("2001:db8::2:0:0:2")).toBe("gateway-share");
    expect(stay("2001:db8:0:1::1")).toBe("gateway-full");
  });

  it("keep a part for those on probation, and give up one of the network that has most", () => {
    const networks = [
      ["192.0.2.1", "192.0.2.255", "192.0.3.1", "198.51.100.1"],
      ["2001:db8:1::1", "2001:db8:1:ffff::1", "2001:db8:2::1", "198.51.100.1"],
    ] as const;
    for (const sources of networks) {
      const { places, present, come } = createPlaces();
      const stay = (name: string, address: string, aliveAtMs = 200): Place => {
        const place = come(name, address) as Place;
        place.aliveAtMs = aliveAtMs;
        places.graduate(place, 0);
        return place;
      };
      // Six clients of two addresses of one network, and three of each of two others.
      const first = Array.from("abcdef", (name, i) => stay(name, sources[i % 2]!, 100 - i));
      for (const [i, name] of [..."ghijkl"].entries()) stay(name, sources[i < 3 ? 2 : 3], 94 - i);
      const newcomer = come("m", "203.0.113.1") as Place;
      newcomer.aliveAtMs = 200;
      expect([...present].join("")).toBe("abcdefghijklm");
      // "f" has been without an answer for the longest, but for those of smaller networks.
      places.graduate(newcomer, 0);
      expect([...present].join("")).toBe("abcdeghijklm");
      first[4]!.aliveAtMs = 1000;
      // One more of its own is one of the six again.
      stay("n", sources[0]);
      expect([...present].join("")).toBe("abceghijklmn");
      // Until all have as many: then it is the one without an answer for the longest of all these.
      stay("o", "203.0.113.1");
      stay("p", "203.0.113.1");
      expect([...present].join("")).toBe("aeghijklmnop");
      stay("q", "233.252.0.1");
      expect([...present].join("")).toBe("aeghijkmnopq");
      expect([places.size, places.onProbation]).toEqual([12, 0]);
    }
  });

  it("of a source that has its share go from its oldest on probation to its newest", () => {
    const { present, come } = createPlaces({ maxOfShare: 2 });
    come("other", "192.0.2.2");
    for (const name of "abc") come(name);
    expect([...present]).toEqual(["other", "b", "c"]);
  });

  it("are not opened faster than allowed, to a source or to all", () => {
    const { come } = createPlaces();
    for (let i = 0; i < limits.burst; i++) expect(come("")).toBeTypeOf("object");
    expect(come("")).toBe("gateway-share-rate");
    expect(come("", "192.0.2.2")).toBe("gateway-rate");
    expect(come("", "192.0.2.1", false, 10)).toBeTypeOf("object");
    expect(come("", "192.0.2.1", false, 10)).toBe("gateway-share-rate");
    expect(come("", "192.0.2.2", false, 10)).toBeTypeOf("object");
  });

  it("are opened by strangers at a sixteenth of the rate, of a source and of all", () => {
    const { come } = createPlaces({ max: 128, maxOnProbation: 128, maxOfShare: 128, burst: 48 });
    const strange = (address: string, nowMs = 0): unknown => come("", address, true, nowMs);
    for (let i = 0; i < 3; i++) expect(strange("192.0.2.1")).toBeTypeOf("object");
    for (const address of ["192.0.2.1", "192.0.2.2"]) expect(strange(address)).toBe("gateway-stranger-rate");
    for (let i = 0; i < 45; i++) expect(come("")).toBeTypeOf("object");
    // By now one of all strangers may come, and none of the first's.
    expect(strange("192.0.2.1", 20)).toBe("gateway-stranger-rate");
    expect(strange("192.0.2.2", 20)).toBeTypeOf("object");
    expect(strange("192.0.2.3", 20)).toBe("gateway-stranger-rate");
  });

  it("remember a source's rate when its places are gone, until it has recovered", () => {
    const { places, come } = createPlaces({ max: 64, maxOnProbation: 64, maxOfShare: 64 });
    const spend = (nowMs: number): Place[] =>
      Array.from({ length: limits.burst }, () => come("", "192.0.2.1", false, nowMs)).filter(
        (place) => typeof place === "object",
      );
    for (const place of spend(0)) places.close(place);
    places.sweep(395);
    expect(spend(395)).toHaveLength(39);
  });
});

describe("placeLimits", () => {
  it("divides many places, and leaves some where there are few", () => {
    expect(placeLimits(4096)).toMatchObject({ maxOnProbation: 1024, maxStrangers: 256, maxOfShare: 512 });
    expect(placeLimits(1)).toMatchObject({ max: 1, maxOnProbation: 1, maxStrangers: 1, maxOfShare: 16 });
  });
});
