import { describe, expect, it } from "vitest";
import { placeLookMs } from "../../../../../src/defaults/index.ts";
import { unknownNat } from "../../../../../src/peer/nat/report.ts";
import type { CandidateList } from "../../../../../src/peer/path/control/messages.ts";
import { CheckRules } from "../../../../../src/peer/path/seeking/check-rules.ts";
import type { Place } from "../../../../../src/peer/path/seeking/surroundings.ts";
import type { Address } from "../../../../../src/wire/address.ts";

const named: Address = { address: "198.51.100.7", port: 7777 };
const list: CandidateList = {
  type: "candidates",
  generation: 1,
  candidates: [{ kind: "reflexive", address: named }],
  nat: unknownNat,
};

/** The rules of a host whose router maps what the test says. */
function rulesOf(mapped: Address[], change: Partial<Place> = {}): CheckRules {
  const place: Place = {
    localPort: 5000,
    reflexive: [],
    otherFamily: [],
    mapped,
    relays: [],
    reaches: () => true,
    ...change,
  };
  return new CheckRules(
    () => place,
    () => "auto",
  );
}

describe("the rules for what the other side names", () => {
  it("permit nothing before its list has come", () => {
    expect(rulesOf([]).permits(named, 0)).toBe(false);
  });

  it("are those of the moment: an address that has become one's own is sent no check", () => {
    const mapped: Address[] = [];
    const rules = rulesOf(mapped);
    expect(rules.take(list, 0)).toEqual({ targets: [named], guesses: [] });
    expect(rules.permits(named, 0)).toBe(true);
    mapped.push({ address: named.address, port: 1 });
    expect(rules.permits(named, placeLookMs)).toBe(false);
  });

  it("draw nothing from an address that nothing authenticates", () => {
    const rules = rulesOf([], { otherFamily: [named] });
    expect(rules.take(list, 0).targets).toEqual([named]);
  });
});
