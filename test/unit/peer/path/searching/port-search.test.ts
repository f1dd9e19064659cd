import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { searchPorts } from "../../../../../src/peer/path/searching/port-search.ts";
import type { Address } from "../../../../../src/wire/address.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const ip = "203.0.113.9";

/** The addresses that a search sends to. */
function searched(permits: (address: Address) => boolean, isRefused: () => boolean = () => false): Address[] {
  const sent: Address[] = [];
  const send = (to: Address): boolean => !isRefused() && sent.push(to) > 0;
  const onEnd = vi.fn();
  searchPorts({ ip, permits, send, onEnd });
  vi.advanceTimersByTime(60_000);
  expect(onEnd).toHaveBeenCalledTimes(1);
  return sent;
}

describe("a search for a port", () => {
  it("sends to 1024 ports of one IP address, none twice and none below 1024", () => {
    const sent = searched(() => true);
    expect(new Set(sent.map(({ address }) => address))).toEqual(new Set([ip]));
    const ports = new Set(sent.map(({ port }) => port));
    expect(ports.size).toBe(1024);
    expect(Math.min(...ports)).toBeGreaterThanOrEqual(1024);
    expect(Math.max(...ports)).toBeLessThanOrEqual(65_535);
  });

  it("looks all over the range, and elsewhere each time", () => {
    const [first, second] = [searched(() => true), searched(() => true)];
    for (const least of [1024, 20_000, 40_000, 60_000])
      expect(first.some(({ port }) => port >= least && port < least + 5536)).toBe(true);
    expect(second).not.toEqual(first);
  });

  it("leaves out what may not be sent to", () => {
    expect(searched(({ port }) => port >= 40_000).every(({ port }) => port >= 40_000)).toBe(true);
    expect(searched(() => false)).toEqual([]);
  });

  it("sends what a limit refuses later", () => {
    let asked = 0;
    expect(
      searched(
        () => true,
        () => asked++ % 4 === 0,
      ),
    ).toHaveLength(1024);
  });
});
