import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { findMappingServices } from "../../../../src/peer/mapping/services.ts";
import { FakeRouter } from "./fake-router.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const router = "192.168.1.1";

it.each([
  [["pcp", "nat-pmp"], { pcp: true, natPmp: true, externalAddress: "203.0.113.9" }],
  [["pcp"], { pcp: true, natPmp: false }],
  [["nat-pmp"], { pcp: false, natPmp: true, externalAddress: "203.0.113.9" }],
  [[], { pcp: false, natPmp: false }],
] as const)("a router that speaks %j is known by its answers, and maps nothing", async (speaks, services) => {
  const fake = new FakeRouter();
  fake.speaks = speaks;
  const found = findMappingServices({ router: () => router, openSocket: fake.open });
  await vi.advanceTimersByTimeAsync(1000);
  expect(await found).toEqual({ router, ...services });
  expect(fake.asked.every(({ what }) => what.endsWith("look"))).toBe(true);
  expect(fake.openSockets).toBe(0);
});

it("without a router, or a way to it, there are no services", async () => {
  const fake = new FakeRouter();
  fake.isReachable = false;
  const none = { pcp: false, natPmp: false };
  expect(await findMappingServices({ router: () => undefined, openSocket: fake.open })).toEqual(none);
  expect(await findMappingServices({ router: () => router, openSocket: fake.open })).toEqual({
    router,
    ...none,
  });
});
