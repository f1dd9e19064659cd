import { describe, expect, it } from "vitest";
import { columnsOf } from "../../../../src/cli/terminal-text.ts";
import { type TopFigures, topLines, type TopSurface } from "../../../../src/cli/top/view.ts";
import { createCounters } from "../../../../src/forwarder/counters.ts";
import { type PagedRelayStats, pathRates } from "../../../../src/plugin/stats/index.ts";
import type { RegistrationStats } from "../../../../src/protocol.ts";

const plain: TopSurface["style"] = (_format, text) => text;
const marked: TopSurface["style"] = (format, text) => `<${format}>${text}</>`;

const bob: RegistrationStats = {
  id: "id",
  subject: "bob",
  address: "203.0.113.7:4433",
  cids: 32,
  path: "kernel",
  packetsFrom: 12,
  bytesFrom: 12_000,
  packetsTo: 34,
  bytesTo: 34_000_000,
  rate: { packetsPerSecond: 1234, bytesPerSecond: 1_500_000 },
  quietMs: 12_345,
  firstForwardedAt: null,
  registeredAt: "2026-01-01T12:00:00.000Z",
  expiresAt: "2026-01-01T13:00:05.000Z",
  dropped: { "rate-limited": 3, "no-address": 1, "source-is-destination": 0 },
};

function figuresOf(
  registrations: RegistrationStats[],
  change: Partial<TopFigures> = {},
  others: Partial<PagedRelayStats> = {},
): TopFigures {
  const { relayed, gateway, dropped, stun } = createCounters();
  const stats: PagedRelayStats = {
    backend: "native",
    backendReason: "the fastest here",
    address: { address: "::", port: 4433 },
    registrations: 1500,
    cids: 3000,
    rateBuckets: { open: 1200, forgiven: 0 },
    relayed,
    path: { kernel: { packets: 5_000_000, bytes: 6e9 }, user: { packets: 7, bytes: 8 } },
    xdp: {
      state: "on",
      reason: "eth1 is down",
      interfaces: [
        { name: "eth0", state: "native", reason: "" },
        { name: "eth1", state: "off", reason: "down" },
      ],
      refusedRoutes: 0,
    },
    unclaimed: 0,
    gateway: { ...gateway, clients: 2, onProbation: 1 },
    dropped: { ...dropped, "rate-limited": 12, "no-address": 3 },
    overflowed: 4,
    stunPort: null,
    stun: { ...stun, answered: 9 },
    mailbox: { queued: 1, queuedBytes: 1200, taken: 2, expired: 0, refused: 0, recalled: 0 },
    waiters: 6,
    invitations: { open: 0, made: 0, used: 0, revoked: 0 },
    refused: { ERR_QUICPIPE_TOKEN_EXPIRED: 2 },
    page: { registrations, next: null },
    ...others,
  };
  return { stats, rates: null, ...change };
}

function secondPortLine(stunPort: PagedRelayStats["stunPort"]): string | undefined {
  const address = { address: "::", port: 4433, stunPort: 3478 };
  const lines = topLines(figuresOf([], {}, { address, stunPort }), { columns: 80, style: plain });
  return lines.find((line) => line.startsWith("second"));
}

describe("topLines", () => {
  it("says everything that a wide terminal has room for", () => {
    const before = { kernel: { packets: 4_999_000, bytes: 6e9 - 1e6 }, user: { packets: 7, bytes: 8 } };
    const { path } = figuresOf([]).stats;
    const rates = pathRates({ path: before, atMs: 0 }, { path, atMs: 2000 });
    const text = topLines(figuresOf([bob], { rates }), { columns: 128, style: plain }).join("\n");
    expect(text).toBe(
      [
        "quicpipe relay, native (the fastest here)",
        "XDP on: eth0 native, eth1 off (eth1 is down)",
        "1 500 registrations, 3 000 connection IDs, 6 waiting, 1 message",
        "",
        "relayed     packets/s      bytes/s      packets        bytes",
        "kernel            500     500 kB/s    5 000 000      6.00 GB",
        "user                0        0 B/s            7          8 B",
        "",
        "dropped rate-limited 12, no-address 3, overflowed 4",
        "gateway clients 2, on probation 1",
        "stun    answered 9",
        "mailbox queued 1, taken 2",
        "refused ERR_QUICPIPE_TOKEN_EXPIRED 2",
        "",
        "subject                        packets/s     bytes/s path   address                 dropped   quiet      sent  received expires",
        "bob                                1 234   1.50 MB/s kernel 203.0.113.7:4433              4    12 s   12.0 kB   34.0 MB 13:00:05",
      ].join("\n"),
    );
  });

  it("says of a second port what its number is and what came of its messages", () => {
    const outcomes = { answered: 1200, malformed: 0, "too-short": 3, "rate-limited": 0, flooded: 0 };
    expect(secondPortLine(outcomes)).toBe("second  port 3478: answered 1 200, too-short 3");
    expect(secondPortLine({ ...outcomes, answered: 0, "too-short": 0 })).toBe("second  port 3478: nothing");
  });

  it("counts one of a thing as one", () => {
    const one = { registrations: 1, cids: 1, unclaimed: 1 };
    expect(topLines(figuresOf([], {}, one), { columns: 100, style: plain })[2]).toBe(
      "1 registration, 1 connection ID, 1 session of an earlier process, 6 waiting, 1 message",
    );
  });

  it("fits every width, and keeps names and rates longest", () => {
    for (let columns = 1; columns <= 160; columns++) {
      const lines = topLines(figuresOf([{ ...bob, subject: "日本".repeat(40) }]), { columns, style: plain });
      expect([columns, Math.max(...lines.map(columnsOf)) <= columns]).toEqual([columns, true]);
    }
    const narrow = topLines(figuresOf([bob]), { columns: 40, style: plain });
    expect(narrow.at(-1)).toMatch(/^bob +1 234 +1\.50 MB\/s$/);
  });

  it("has no more lines than the terminal", () => {
    const many = Array.from({ length: 100 }, () => bob);
    expect(topLines(figuresOf(many), { columns: 80, rows: 24, style: plain })).toHaveLength(24);
    expect(topLines(figuresOf(many), { columns: 80, style: plain }).length).toBeGreaterThan(100);
  });

  it("lets no name move the cursor, and says so where figures are old or not there yet", () => {
    const hostile = { ...bob, subject: "\u001B[2Jowned\r\n", rate: null, address: null };
    const lines = topLines(figuresOf([hostile], { fault: "no answer\u001B[31m" }), {
      columns: 100,
      style: plain,
    });
    expect(lines.join("")).not.toMatch(/\p{C}/u);
    expect(lines).toContain("these figures are old: no answer·[31m");
    expect(lines.at(-1)).toMatch(/^·\[2Jowned·· +- +- kernel not proven/);
    expect(lines).toContain("kernel              -            -    5 000 000      6.00 GB");
  });

  it("colours titles and drops only", () => {
    const lines = topLines(figuresOf([bob]), { columns: 80, style: marked });
    expect(lines.filter((line) => line.includes("<"))).toHaveLength(4);
    expect(lines).toContain("dropped <yellow>rate-limited 12, no-address 3, overflowed 4</>");
  });
});
