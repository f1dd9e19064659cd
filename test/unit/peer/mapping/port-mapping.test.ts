import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { PortMapping } from "../../../../src/peer/mapping/port-mapping.ts";
import { FakeRouter } from "./fake-router.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const second = 1000;
const minute = 60 * second;
const address = { address: "203.0.113.9", port: 40_000 };

interface Setting {
  readonly router: FakeRouter;
  readonly mapping: PortMapping;
  /** What it told, at each change. */
  readonly told: (typeof address | undefined)[];
  readonly startMs: number;
  /** The address of the router, as the system has it. */
  at: string | undefined;
}

/** A mapping that has begun, at a router that `change` made different. */
async function start(change: (router: FakeRouter) => void = () => undefined): Promise<Setting> {
  const router = new FakeRouter();
  change(router);
  const told: Setting["told"] = [];
  const setting: Setting = {
    router,
    told,
    startMs: performance.now(),
    at: "192.168.1.1",
    mapping: new PortMapping({
      internalPort: 4433,
      router: () => setting.at,
      openSocket: router.open,
      onChange: () => told.push(setting.mapping.address),
    }),
  };
  setting.mapping.start();
  await vi.advanceTimersByTimeAsync(0);
  return setting;
}

describe("a port mapping", () => {
  it("is asked for by PCP, and tells its address", async () => {
    const { mapping, router, told } = await start();
    expect(mapping.address).toEqual(address);
    expect(mapping.state).toEqual({ service: "pcp" });
    expect(told).toEqual([address]);
    expect(router.log().map(([, what]) => what)).toEqual(["pcp map"]);
    expect(router.openSockets).toBe(0);
  });

  it("is renewed at half of its life, by the same nonce and with a wish for the same address", async () => {
    const { mapping, router, told, startMs } = await start();
    const [first] = router.asked.splice(0);
    await vi.advanceTimersByTimeAsync(3599 * second);
    expect(router.log().filter(([, what]) => what !== "pcp look")).toEqual([]);
    await vi.advanceTimersByTimeAsync(second);
    const [renewal, ...others] = router.asked.filter(({ what }) => what !== "pcp look");
    expect(others).toEqual([]);
    expect(renewal!.atMs - startMs).toBe(3600 * second);
    expect(renewal!.bytes.subarray(24, 36)).toEqual(first!.bytes.subarray(24, 36));
    expect(renewal!.bytes.subarray(42).toString("hex")).toBe("9c4000000000000000000000ffffcb007109");
    expect(mapping.address).toEqual(address);
    expect(told).toHaveLength(1);
  });

  it("is renewed in time if the router gives it a shorter life", async () => {
    const { router, startMs } = await start((fake) => (fake.lifetimeSeconds = 20));
    await vi.advanceTimersByTimeAsync(20 * second);
    expect(router.log(startMs)).toEqual([
      [0, "pcp map"],
      [10, "pcp map"],
      [20, "pcp map"],
    ]);
  });

  it("costs a question a minute, if the router has not restarted", async () => {
    const { router, startMs } = await start();
    router.log();
    await vi.advanceTimersByTimeAsync(2 * minute);
    expect(router.log(startMs)).toEqual([
      [60, "pcp look"],
      [120, "pcp look"],
    ]);
  });

  it.each(["pcp", "nat-pmp"] as const)(
    "is asked for again when a router of %s has restarted",
    async (service) => {
      const { mapping, router, told } = await start((fake) => (fake.speaks = [service]));
      await vi.advanceTimersByTimeAsync(10 * minute);
      router.restart();
      router.externalPort = 50_000;
      await vi.advanceTimersByTimeAsync(minute + second);
      expect(told).toEqual([address, { ...address, port: 50_000 }]);
      expect(mapping.state).toEqual({ service });
    },
  );

  it("is asked for again when the router has another address outside", async () => {
    const { mapping, router } = await start((fake) => (fake.speaks = ["nat-pmp"]));
    router.externalAddress = "203.0.113.77";
    await vi.advanceTimersByTimeAsync(minute);
    expect(mapping.address).toEqual({ ...address, address: "203.0.113.77" });
  });

  it("is asked for again by the other protocol when the router has changed its own", async () => {
    const { mapping, router } = await start();
    router.speaks = ["nat-pmp"];
    await vi.advanceTimersByTimeAsync(minute);
    expect(mapping.address).toEqual(address);
    expect(mapping.state).toEqual({ service: "nat-pmp" });
  });

  it("outlives questions that are not answered", async () => {
    const { mapping, router, told } = await start();
    router.isSilent = true;
    await vi.advanceTimersByTimeAsync(5 * minute);
    expect(mapping.address).toEqual(address);
    expect(mapping.state).toEqual({ service: "pcp" });
    expect(told).toHaveLength(1);
  });

  it("that could not be renewed when the network had changed is asked for again in five minutes", async () => {
    const { mapping, router } = await start();
    router.code = 8;
    mapping.refresh();
    await vi.advanceTimersByTimeAsync(0);
    expect(mapping.state).toEqual({ service: "pcp", reason: "no-resources" });
    router.code = 0;
    await vi.advanceTimersByTimeAsync(5 * minute);
    expect(mapping.state).toEqual({ service: "pcp" });
  });

  it("that cannot be renewed says so, is asked for ever more often, and ends with its life", async () => {
    const { mapping, router, told, startMs } = await start((fake) => (fake.lifetimeSeconds = 600));
    router.code = 8;
    router.log();
    await vi.advanceTimersByTimeAsync(599 * second);
    expect(mapping.address).toEqual(address);
    expect(mapping.state).toEqual({ service: "pcp", reason: "no-resources" });
    const requests = router.log(startMs).filter(([, what]) => what === "pcp map");
    expect(requests.slice(0, 3)).toEqual([
      [300, "pcp map"],
      [450, "pcp map"],
      [525, "pcp map"],
    ]);
    expect(requests.length).toBeLessThan(12);
    await vi.advanceTimersByTimeAsync(second);
    expect(mapping.address).toBeUndefined();
    expect(mapping.state).toEqual({ reason: "no-resources" });
    expect(told).toEqual([address, address, undefined]);
    router.code = 0;
    await vi.advanceTimersByTimeAsync(5 * minute);
    expect(mapping.state).toEqual({ service: "pcp" });
  });
});

describe("the choice of a protocol", () => {
  it("falls on NAT-PMP at once where the router says that it does not know PCP", async () => {
    const { mapping, router, startMs } = await start((fake) => (fake.speaks = ["nat-pmp"]));
    expect(mapping.address).toEqual(address);
    expect(mapping.state).toEqual({ service: "nat-pmp" });
    expect(router.log(startMs)).toEqual([
      [0, "pcp map"],
      [0, "nat-pmp look"],
      [0, "nat-pmp map"],
    ]);
  });

  it("tries each protocol twice, 250 ms apart, and again after five minutes", async () => {
    const { mapping, router, startMs } = await start((fake) => (fake.isSilent = true));
    await vi.advanceTimersByTimeAsync(4 * minute);
    const first: [number, string][] = [
      [0, "pcp map"],
      [0.25, "pcp map"],
      [0.5, "nat-pmp look"],
      [0.75, "nat-pmp look"],
    ];
    expect(router.log(startMs)).toEqual(first);
    expect(mapping.state).toEqual({ reason: "no-answer" });
    await vi.advanceTimersByTimeAsync(2 * minute);
    expect(router.log(startMs)).toEqual(first.map(([at, what]) => [at + 301, what]));
  });

  it("stays with PCP where that refuses", async () => {
    const { mapping, router } = await start((fake) => (fake.code = 2));
    expect(mapping.address).toBeUndefined();
    expect(mapping.state).toEqual({ reason: "not-authorized" });
    expect(router.asked).toHaveLength(1);
  });

  it("begins with the protocol that the mapping is held by when it is renewed", async () => {
    const { router } = await start((fake) => (fake.speaks = ["nat-pmp"]));
    router.log();
    await vi.advanceTimersByTimeAsync(3600 * second);
    expect(router.log().some(([, what]) => what.startsWith("pcp"))).toBe(false);
  });
});

describe("without a way to the router", () => {
  it("there is a reason, and another attempt in five minutes or when the network has changed", async () => {
    const setting = await start();
    const { mapping, router } = setting;
    setting.at = undefined;
    mapping.refresh();
    await vi.advanceTimersByTimeAsync(0);
    expect(mapping.state).toEqual({ service: "pcp", reason: "no-router" });
    await vi.advanceTimersByTimeAsync(2 * 3600 * second);
    expect(mapping.address).toBeUndefined();
    setting.at = "192.168.1.1";
    router.isReachable = false;
    await vi.advanceTimersByTimeAsync(5 * minute);
    expect(mapping.state).toEqual({ reason: "no-socket" });
    router.isReachable = true;
    mapping.refresh();
    await vi.advanceTimersByTimeAsync(0);
    expect(mapping.state).toEqual({ service: "pcp" });
  });

  it("in another network the mapping of the former counts no more, even if the router's address is the same", async () => {
    const { mapping, router } = await start();
    const [first] = router.asked.splice(0);
    router.localAddress = "192.168.1.77";
    router.code = 2;
    mapping.refresh();
    await vi.advanceTimersByTimeAsync(0);
    expect(mapping.address).toBeUndefined();
    const [next] = router.asked;
    expect(next!.bytes.subarray(8, 24).toString("hex")).toBe("00000000000000000000ffffc0a8014d");
    expect(next!.bytes.subarray(24, 36)).not.toEqual(first!.bytes.subarray(24, 36));
  });
});

describe("closing", () => {
  it.each(["pcp", "nat-pmp"] as const)("gives the mapping back by %s", async (service) => {
    const { mapping, router, told } = await start((fake) => (fake.speaks = [service]));
    await vi.advanceTimersByTimeAsync(second);
    router.log();
    await mapping.close();
    expect(router.log().map(([, what]) => what)).toEqual([`${service} unmap`]);
    expect(mapping.address).toBeUndefined();
    expect(told).toEqual([address]);
    expect(router.openSockets).toBe(0);
    await vi.advanceTimersByTimeAsync(3 * 3600 * second);
    expect(router.asked).toEqual([]);
  });

  it("suggests nothing when it gives back (RFC 6886 §3.4)", async () => {
    const { mapping, router } = await start((fake) => (fake.speaks = ["nat-pmp"]));
    await mapping.close();
    expect(router.asked.at(-1)!.bytes.toString("hex")).toBe("000100001151000000000000");
  });

  it("waits half a second for a router that no longer answers", async () => {
    const { mapping, router } = await start();
    router.log();
    router.isSilent = true;
    const beforeMs = performance.now();
    const closed = mapping.close();
    await vi.advanceTimersByTimeAsync(500);
    await closed;
    expect(router.log(beforeMs)).toEqual([
      [0, "pcp unmap"],
      [0.25, "pcp unmap"],
    ]);
  });

  it("does not wait for an attempt, and gives back what that may have mapped", async () => {
    const { mapping, router } = await start((fake) => (fake.isSilent = true));
    await mapping.close();
    expect(router.log().map(([, what]) => what)).toEqual(["pcp map", "pcp unmap"]);
    expect(router.openSockets).toBe(0);
    await vi.advanceTimersByTimeAsync(minute);
    expect(router.asked).toEqual([]);
  });

  it("gives nothing back where nothing is mapped, or before it has begun", async () => {
    const { mapping, router } = await start((fake) => (fake.code = 2));
    await mapping.close();
    expect(router.log().map(([, what]) => what)).toEqual(["pcp map"]);
    const other = new PortMapping({
      internalPort: 1,
      router: () => "192.168.1.1",
      openSocket: router.open,
      onChange: () => undefined,
    });
    await other.close();
    expect(router.asked).toEqual([]);
  });
});
