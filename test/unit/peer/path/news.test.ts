import { describe, expect, it } from "vitest";
import { News } from "../../../../src/peer/path/news.ts";
import type { ConnectionPathEvent } from "../../../../src/peer/path/path-feed.ts";

const at = { address: "192.0.2.1", port: 443 };

function setUp(): { news: News; told: ConnectionPathEvent[] } {
  const told: ConnectionPathEvent[] = [];
  return { news: new News((event) => void told.push(event)), told };
}

describe("what becomes of a connection's paths", () => {
  it("is told with its addresses as texts", () => {
    const { news, told } = setUp();
    news.opened(at);
    news.selected(at, 5);
    news.left("lossy", at);
    expect(told).toEqual([
      { kind: "opened", remote: "192.0.2.1:443" },
      { kind: "selected", remote: "192.0.2.1:443", rttMs: 5 },
      { kind: "lost", remote: "192.0.2.1:443", reason: "lossy" },
    ]);
  });

  it("has the same refusal once, until something else has come", () => {
    const { news, told } = setUp();
    for (const reason of ["checks-timeout", "checks-timeout", "quarantined"] as const) news.refused(reason);
    news.left("lossy", at);
    news.refused("quarantined");
    expect(told.map((event) => ("reason" in event ? event.reason : ""))).toEqual([
      "checks-timeout",
      "quarantined",
      "lossy",
      "quarantined",
    ]);
  });

  it("has a reason for the relay until a direct path is selected", () => {
    const { news } = setUp();
    expect(news.reason).toBeUndefined();
    news.refused("checks-timeout");
    expect(news.reason).toBe("checks-timeout");
    news.selected(at, 5);
    expect(news.reason).toBeUndefined();
  });

  it("has a path selected again that was in doubt, and not one that was parked", () => {
    const { news, told } = setUp();
    for (const standing of ["parked", "trusted", "suspect", "trusted"] as const) news.stands(standing, at, 5);
    expect(told).toEqual([
      { kind: "suspect", remote: "192.0.2.1:443" },
      { kind: "selected", remote: "192.0.2.1:443", rttMs: 5 },
    ]);
  });
});
