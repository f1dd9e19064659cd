import { describe, expect, it } from "vitest";
import { createCounters } from "../../../../src/forwarder/counters.ts";
import { PlainStun } from "../../../../src/forwarder/stun/plain-stun.ts";
import { createMailboxCounts } from "../../../../src/plugin/mailbox/mailbox.ts";
import { type CountedParts, relayAddress, telemetryFigures } from "../../../../src/plugin/stats/stats.ts";

const address = { address: "::", port: 4433 };
const counters = createCounters();
const forwarder = { backend: "dgram", address: () => address, stats: () => counters };
const { counts } = new PlainStun(0);
const stunPort = { number: 3478, counts: () => ({ ...counts, answered: 7 }) };

function partsWith(second: object | undefined): CountedParts {
  return { forwarder, stunPort: second, mailboxCounts: createMailboxCounts() } as never;
}

describe("the figures of a relay", () => {
  it("have the second port in its address and for telemetry", () => {
    expect(relayAddress(partsWith(stunPort))).toEqual({ ...address, stunPort: 3478 });
    expect(telemetryFigures(partsWith(stunPort)).stunPort).toEqual({ ...counts, answered: 7 });
  });

  it("have no second port where there is none", () => {
    expect(relayAddress(partsWith(undefined))).not.toHaveProperty("stunPort");
    expect(telemetryFigures(partsWith(undefined)).stunPort).toEqual({});
  });
});
