import { expect, it } from "vitest";
import { parseRouteTable } from "../../../../src/peer/mapping/default-router.ts";

const head = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT   ";
const lan = "eth0\t0001A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0   ";

/** A default route, as Linux prints one on a little-endian machine. */
function byDefault(router: string, flags: string, metric: number): string {
  return `eth0\t00000000\t${router}\t${flags}\t0\t0\t${metric}\t00000000\t0\t0\t0   `;
}

function routerOf(...lines: string[]): string | undefined {
  return parseRouteTable([head, ...lines, ""].join("\n"));
}

it("the router is that of the default route", () => {
  expect(routerOf(byDefault("0101A8C0", "0003", 0), lan)).toBe("192.168.1.1");
});

it("of two default routes the lower metric counts", () => {
  expect(routerOf(byDefault("0101A8C0", "0003", 600), byDefault("FE01A8C0", "0003", 100))).toBe(
    "192.168.1.254",
  );
});

it("there is none without a default route, or where that is down or has no router", () => {
  expect(routerOf(lan)).toBeUndefined();
  expect(routerOf(byDefault("0101A8C0", "0002", 0))).toBeUndefined();
  expect(routerOf(byDefault("00000000", "0001", 50), byDefault("0101A8C0", "0003", 100))).toBeUndefined();
});

it.each(["", "garbage", "\t\t\t\t\t\t\t\t\n", "eth0\t00000000\tXYZ\t0003\t0\t0\t0\t00000000"])(
  "there is none in a table like %j",
  (table) => {
    expect(parseRouteTable(table)).toBeUndefined();
  },
);

it("a line that is cut off does not count", () => {
  const line = byDefault("0101A8C0", "0003", 0);
  expect(routerOf(line.slice(0, line.indexOf("0003")))).toBeUndefined();
});
