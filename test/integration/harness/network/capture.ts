import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { expect } from "vitest";
import { temporaryFolder } from "../folder.ts";
import type { Namespace } from "./namespaces.ts";

/** A UDP packet as it was on the wire. */
export interface CapturedPacket {
  readonly from: string;
  readonly to: string;
  /** TTL or hop limit. */
  readonly ttl: number;
  /** DSCP and ECN (RFC 3168 §5). */
  readonly tos: number;
  /** IPv4 alone: identification and don't-fragment. */
  readonly id: number;
  readonly isUnfragmentable: boolean;
  /** Of IP, which IPv6 has none of, and UDP, which IPv4 may leave out. */
  readonly checksums: "good" | "bad" | "absent";
  /** A digest of the UDP payload. */
  readonly digest: string;
}

/** A capture of UDP packets at one end of a cable; ends with the test. */
export interface Capture {
  /** What was captured so far, in order, once it is so many packets. */
  packets(atLeast: number): Promise<CapturedPacket[]>;
}

const fields = [
  ["ip.src", "ipv6.src"],
  ["ip.dst", "ipv6.dst"],
  ["ip.ttl", "ipv6.hlim"],
  ["ip.dsfield", "ipv6.tclass"],
  ["ip.id"],
  ["ip.flags.df"],
  ["ip.checksum.status"],
  ["udp.checksum.status"],
  ["udp.payload"],
] as const;

/** Wireshark's words for a checksum. */
const good = 1;
const absent = 3;

/** Captures what goes in and out at a link, as `filter` says. */
export async function startCapture(where: Namespace, link: string, filter: string): Promise<Capture> {
  const folder = temporaryFolder();
  const file = join(folder, "packets.pcapng");
  // Room for every packet of a test, in MiB: none is to be missed while this process has no processor.
  const dumpcap = where.start("dumpcap", ["-q", "-i", link, "-f", filter, "-B", "64", "-w", file]);
  await dumpcap.prints(/File: /);
  return {
    async packets(atLeast) {
      // The system hands them over in blocks, which it holds back for a while.
      await expect.poll(() => read(file).length, { interval: 100 }).toBeGreaterThanOrEqual(atLeast);
      return read(file);
    },
  };
}

function read(file: string): CapturedPacket[] {
  const checks = ["-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE"];
  const columns = fields.flat().flatMap((field) => ["-e", field]);
  // What is inside of UDP is no matter here, and takes the time.
  const args = ["-n", "-r", file, ...checks, "--disable-protocol", "quic", "-T", "fields", ...columns];
  // Its status tells only that the last packet is not yet in the file as a whole.
  const { stdout } = spawnSync("tshark", args, { encoding: "utf8", maxBuffer: 1 << 28 });
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map(packetOf);
}

/** One line of columns, of which a packet of either IP version fills its own. */
function packetOf(line: string): CapturedPacket {
  const columns = line.split("\t");
  const [from, to, ttl, tos, id, df, ip, udp, payload] = fields.map((names) =>
    columns.splice(0, names.length).join(""),
  );
  return {
    from: from!,
    to: to!,
    ttl: Number(ttl),
    tos: Number(tos),
    id: Number(id),
    isUnfragmentable: df === "1",
    checksums: checksumsOf(ip === "" ? good : Number(ip), Number(udp)),
    digest: createHash("sha256").update(payload!).digest("base64url"),
  };
}

function checksumsOf(ip: number, udp: number): CapturedPacket["checksums"] {
  if (ip !== good) return "bad";
  if (udp === absent) return "absent";
  return udp === good ? "good" : "bad";
}
