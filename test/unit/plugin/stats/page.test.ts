import { describe, expect, it } from "vitest";
import { searchPage, type StatsSource } from "../../../../src/plugin/stats/page.ts";
import { statsQuery, type StatsQuery } from "../../../../src/plugin/stats/query.ts";
import type { StatsPage } from "../../../../src/protocol.ts";
import type { Registration } from "../../../../src/registry/index.ts";
import { noCounters } from "../../registry/fake-forwarder.ts";

/** As many registrations as there are rates; those without one are silent. */
function sourceOf(rates: readonly number[]): StatsSource & { readonly ended: Set<string> } {
  const ended = new Set<string>();
  const registrations = rates.map((_, i): Registration => {
    const common = { session: i, num: 1, address: null, registeredAtMs: 0, expiresAtMs: 0, ttlMs: 0 };
    return { id: `id-${i}`, subject: `peer-${i}`, ordinal: i + 1, ...common };
  });
  return {
    ended,
    registry: {
      *all(after = 0) {
        for (const each of registrations) if (each.ordinal > after && !ended.has(each.id)) yield each;
      },
      countersOf: (id) => (ended.has(id) ? undefined : noCounters),
    },
    rates: {
      of: ({ session }) => ({
        packetsPerSecond: 1,
        bytesPerSecond: rates[session]!,
        path: undefined,
        quietMs: 0,
      }),
    },
  };
}

function query(text: string): StatsQuery {
  return statsQuery(Object.fromEntries(new URLSearchParams(text)));
}

function idsOf({ registrations }: StatsPage): string[] {
  return registrations.map(({ id }) => id);
}

/** Goes through all pages. */
async function allPages(source: StatsSource, text: string): Promise<string[][]> {
  const pages: string[][] = [];
  let next: string | null = "";
  while (next !== null) {
    const page: StatsPage = await searchPage(source, query(next === "" ? text : `${text}&after=${next}`));
    pages.push(idsOf(page));
    next = page.next;
  }
  return pages;
}

describe("a page of registrations", () => {
  it("is as long as the limit, and says whether there is another", async () => {
    const source = sourceOf([0, 0, 0, 0]);
    expect(await allPages(source, "limit=3")).toEqual([["id-0", "id-1", "id-2"], ["id-3"]]);
    expect(await allPages(source, "limit=4")).toEqual([["id-0", "id-1", "id-2", "id-3"]]);
    expect(await allPages(source, "limit=2")).toHaveLength(2);
    expect(await searchPage(source, query("limit=0"))).toEqual({ registrations: [], next: null });
  });

  it("has the busiest first, each once, the oldest first among equals", async () => {
    const rates = Array.from({ length: 500 }, (_, i) => (i * 7919) % 100);
    const order = rates.map((_, i) => i).toSorted((a, b) => rates[b]! - rates[a]! || a - b);
    for (const limit of [1, 7, 100, 500]) {
      const pages = await allPages(sourceOf(rates), `limit=${limit}&order=rate`);
      expect(pages.flat()).toEqual(order.map((i) => `id-${i}`));
      expect(pages).toHaveLength(Math.ceil(500 / limit));
    }
  });

  it("is found in the filter's order, whatever the order", async () => {
    const source = sourceOf([5, 1, 9, 3, 7, 2, 8, 4, 6, 0, 11, 12]);
    expect(await allPages(source, "limit=9&filter=PEER-1")).toEqual([["id-1", "id-10", "id-11"]]);
    expect(await allPages(source, "limit=2&filter=peer-1&order=rate")).toEqual([
      ["id-11", "id-10"],
      ["id-1"],
    ]);
  });

  it("leaves out what ended while it was searched for, between two turns of the event loop", async () => {
    const source = sourceOf(Array.from({ length: 200_000 }, () => 0));
    const page = searchPage(source, query("limit=2&order=rate"));
    source.ended.add("id-0");
    const { registrations, next } = await page;
    expect([registrations.map(({ id }) => id), next]).toEqual([["id-1"], "0-2"]);
  });
});
