import { describe, expect, it } from "vitest";
import { maxRelayAddresses } from "../../../src/defaults/index.ts";
import { lookUpRelay, orderAddresses } from "../../../src/peer/relay-addresses.ts";

describe("the order of a relay's addresses", () => {
  it("has the families in turn, and begins with that of the first", () => {
    const found = ["2001:db8::1", "2001:db8::2", "2001:db8::3", "192.0.2.1", "192.0.2.2"];
    expect(orderAddresses(found, undefined)).toEqual([
      "2001:db8::1",
      "192.0.2.1",
      "2001:db8::2",
      "192.0.2.2",
      "2001:db8::3",
    ]);
    expect(orderAddresses(["192.0.2.1", "2001:db8::1", "2001:db8::2"], undefined)).toEqual([
      "192.0.2.1",
      "2001:db8::1",
      "2001:db8::2",
    ]);
  });

  it("begins with the address that is in use, if the name still has it", () => {
    expect(orderAddresses(["2001:db8::1", "192.0.2.1"], "192.0.2.1")).toEqual(["192.0.2.1", "2001:db8::1"]);
    expect(orderAddresses(["2001:db8::1"], "192.0.2.1")).toEqual(["2001:db8::1"]);
  });

  it("has each once, and no more than a round has time for", () => {
    expect(orderAddresses(["192.0.2.1", "192.0.2.1"], undefined)).toEqual(["192.0.2.1"]);
    const many = Array.from({ length: 100 }, (_, i) => `192.0.2.${i}`);
    expect(orderAddresses(many, undefined)).toHaveLength(maxRelayAddresses);
  });
});

describe("a look-up of the relay's name", () => {
  it("gives all addresses of a name, and a literal back as it is", async () => {
    expect(await lookUpRelay("localhost")).toContain("127.0.0.1");
    expect(await lookUpRelay("2001:db8::1")).toEqual(["2001:db8::1"]);
  });

  it("fails where there is none", async () => {
    await expect(lookUpRelay("nowhere.invalid")).rejects.toMatchObject({
      code: "ERR_QUICPIPE_RELAY_UNREACHABLE",
    });
  });
});
