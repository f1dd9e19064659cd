import { describe, expect, it } from "vitest";
import { StunPurse } from "../../../../src/forwarder/stun/payer.ts";
import { RecentBuckets } from "../../../../src/token-bucket.ts";

describe("StunPurse", () => {
  it("takes the addresses of an IPv6 /64 for one source", () => {
    const purse = new StunPurse(new RecentBuckets(1, 1, 10), 0);
    const sources = ["2001:db8::1", "2001:db8::2:1", "2001:db8:0:1::1", "::ffff:192.0.2.1", "192.0.2.1"];
    const refusal = "rate-limited";
    expect(sources.map((address) => purse.charge({ address, port: 1 }, 0))).toEqual([
      purse,
      refusal,
      purse,
      purse,
      refusal,
    ]);
  });
});
