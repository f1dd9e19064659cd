import { describe, expect, it } from "vitest";
import type { LoadCounts } from "../../../scripts/soak/load.ts";
import { faultsOf, type SoakFigures } from "../../../scripts/soak/verdict.ts";

const flat = { start: 100, warm: 100, end: 100, growth: 0 };
const served: LoadCounts = {
  relayed: { sent: 9000, received: 9000, renewals: 60, renewalsFailed: 0, messages: 50, messagesFailed: 0 },
  passersBy: { visits: 40, visitsFailed: 0, registrations: 20, registrationsFailed: 0 },
  complaints: [],
};
const calm: SoakFigures = { isAlive: true, isLong: true, rssBytes: flat, descriptors: flat, load: served };

describe("the verdict on a soak", () => {
  it("holds where all are served and nothing grows", () => {
    expect(faultsOf(calm)).toEqual([]);
  });

  it("tells each fault with its figures", () => {
    const figures: SoakFigures = {
      isAlive: false,
      isLong: true,
      rssBytes: { ...flat, growth: 17_000_000 },
      descriptors: { ...flat, growth: 9 },
      load: {
        relayed: { ...served.relayed, received: 8999, renewalsFailed: 1, messagesFailed: 2 },
        passersBy: { ...served.passersBy, visitsFailed: 3, registrationsFailed: 4 },
        complaints: ["an attack did not run"],
      },
    };
    expect(faultsOf(figures)).toEqual([
      "the relay's process ended",
      "memory grew by 17000000 bytes",
      "9 descriptors more",
      "1 relayed packets were lost",
      "1 of 60 renewals failed",
      "2 of 50 messages were refused",
      "3 of 40 visits failed",
      "4 of 20 registrations failed",
      "an attack did not run",
    ]);
  });

  it("judges memory only after a long run", () => {
    const grown = { ...flat, growth: 17_000_000 };
    expect(faultsOf({ ...calm, isLong: false, rssBytes: grown })).toEqual([]);
  });

  it("does not hold where nobody did anything", () => {
    const passersBy = { ...served.passersBy, registrations: 0 };
    expect(faultsOf({ ...calm, load: { ...served, passersBy } })).toEqual(["the honest load stood still"]);
  });
});
