import { describe, expect, it } from "vitest";
import { pingLine, summaryLine, whyNotDirect } from "../../../../src/cli/ping/lines.ts";
import { whyRelay } from "../../../../src/cli/peer/relay-reasons.ts";
import type { ConnectionPath } from "../../../../src/peer/index.ts";
import { summaryOf } from "../../../../src/cli/ping/summary.ts";

describe("the lines of quicpipe ping", () => {
  it("name the path of a pong, and its time with one decimal", () => {
    const remote = "203.0.113.1:4433";
    expect(pingLine("bob", { seq: 1, path: "relay", remote, rttMs: 24.1 })).toBe(
      "pong from bob by relay 203.0.113.1:4433 in 24.1 ms",
    );
    expect(pingLine("bob", { seq: 2, path: "direct", remote: "[2001:db8::7]:51820", rttMs: 9 })).toBe(
      "pong from bob by direct [2001:db8::7]:51820 in 9.0 ms",
    );
  });

  it("name both paths where a pong may have come by either", () => {
    expect(pingLine("bob", { seq: 2, path: "both", remote: "[2001:db8::7]:51820", rttMs: 9 })).toBe(
      "pong from bob by relay or direct [2001:db8::7]:51820 in 9.0 ms",
    );
  });

  it.each<[Partial<ConnectionPath>, string]>([
    [{ kind: "relay", reason: "policy" }, whyRelay("policy")],
    [{ kind: "relay" }, "a direct path is still being looked for; give more --count or --interval"],
    [
      { kind: "direct" },
      "there is a direct path only since the last ping, or it is in doubt; give more --count",
    ],
  ])("say why no pong came direct: %j", (path, why) => {
    expect(whyNotDirect(path as ConnectionPath)).toBe(why);
  });

  it("name the number of a ping without a pong", () => {
    const remote = "203.0.113.1:4433";
    expect(pingLine("bob", { seq: 3, path: "relay", remote, rttMs: null })).toBe(
      "no pong from bob for seq 3",
    );
  });

  it("end with counts, and with times if there are any", () => {
    expect(summaryLine(summaryOf([24.1, null, 9, 9.2]))).toBe(
      "4 sent, 3 received, min/median/max 9.0/9.2/24.1 ms",
    );
    expect(summaryLine(summaryOf([null]))).toBe("1 sent, 0 received");
  });
});
