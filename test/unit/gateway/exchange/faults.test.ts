import { describe, expect, it, vi } from "vitest";
import { logLinesPerKind } from "../../../../src/defaults/index.ts";
import { Faults } from "../../../../src/gateway/exchange/faults.ts";
import { silentLogger } from "../../../../src/log.ts";

describe("the gateway's log", () => {
  it("says of each line whose it is: an IPv4 address, or the /64 of an IPv6 one", () => {
    const info = vi.fn();
    const faults = new Faults({ ...silentLogger, info }, () => 0);
    faults.of("192.0.2.7").write("info", "too-slow", "a client was too slow");
    faults.of("2001:db8::7").write("info", "over-budget", "a source has too many connections", { of: 1 });
    faults.write("info", "connection-failed", "the HTTP/3 server reported an error");
    expect(info.mock.calls).toEqual([
      ["quicpipe: a client was too slow", { source: "192.0.2.7" }],
      ["quicpipe: a source has too many connections", { source: "2001:db8::/64", of: 1 }],
      ["quicpipe: the HTTP/3 server reported an error"],
    ]);
  });

  it("limits a kind for all sources together", () => {
    const info = vi.fn();
    const faults = new Faults({ ...silentLogger, info }, () => 0);
    for (let i = 0; i < logLinesPerKind + 5; i++)
      faults.of(`192.0.2.${i}`).write("info", "too-slow", "a client was too slow");
    expect(info).toHaveBeenCalledTimes(logLinesPerKind);
  });
});
