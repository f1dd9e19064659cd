import { closeSync, openSync, readSync } from "node:fs";
import { endianness } from "node:os";
import { maxRouteTableBytes } from "../../defaults/index.ts";
import { formatIp } from "../../wire/address.ts";

/** Returns the IPv4 address of the default router; `undefined` without one, and where the system is not Linux. */
export function readDefaultRouter(): string | undefined {
  return process.platform === "linux" ? parseRouteTable(readStart("/proc/net/route")) : undefined;
}

/**
 * Returns the router that the best default route of a table leads through, in the form of Linux's `/proc/net/route`. There is
 * none where that route leads into a tunnel, whatever the others do: a router that does not carry our packets maps nothing.
 */
export function parseRouteTable(table: string): string | undefined {
  const routes = table.split("\n").map((line) => line.split("\t").map((field) => field.trim()));
  const defaults = routes.filter(isDefault).toSorted((a, b) => Number(a[6]) - Number(b[6]));
  const [, , router, flags] = defaults[0] ?? [];
  if (router === undefined || (Number.parseInt(flags!, 16) & viaRouter) === 0) return undefined;
  return addressOf(router);
}

/** Flags of the kernel's route.h. */
const isUp = 0x1;
const viaRouter = 0x2;

function isDefault([, destination, router, flags, , , metric, mask]: readonly string[]): boolean {
  if (destination !== "00000000" || mask !== "00000000" || !/^\d+$/.test(metric!)) return false;
  return /^[\dA-F]{8}$/.test(router!) && (Number.parseInt(flags!, 16) & isUp) !== 0;
}

/** The kernel prints an address as a number, in whose memory its bytes are in network order. */
function addressOf(number: string): string {
  const bytes = Buffer.from(number, "hex");
  return formatIp(endianness() === "LE" ? bytes.toReversed() : bytes);
}

/** Reads the start of a file; nothing if it cannot be read. A router's own table may have a million lines. */
function readStart(path: string): string {
  try {
    const file = openSync(path, "r");
    try {
      const bytes = Buffer.alloc(maxRouteTableBytes);
      return bytes.toString("latin1", 0, readSync(file, bytes));
    } finally {
      closeSync(file);
    }
  } catch {
    return "";
  }
}
