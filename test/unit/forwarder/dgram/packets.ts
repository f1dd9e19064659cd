import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { classify } from "../../../../src/forwarder/dgram/demux.ts";
import { RouteTable } from "../../../../src/forwarder/dgram/route-table.ts";
import { InitialRouteTable } from "../../../../src/forwarder/initial-routes.ts";

/** The table of cases for the demultiplexing rules, whatever their implementation. */
interface Fixture {
  /** Registered connection IDs; each leads to the session of its index. */
  readonly registered: readonly string[];
  /** Initial DCIDs with a route. */
  readonly initialRoutes: readonly string[];
  readonly cases: readonly {
    readonly name: string;
    readonly packetHex: string;
    readonly verdict: "relay" | "gateway" | "stun" | "drop";
    readonly cid?: string;
  }[];
}

export const fixture: Fixture = JSON.parse(
  readFileSync(new URL("../../../fixtures/packets.json", import.meta.url), "utf8"),
);

export const nowMs = 1_000_000;
const routes: RouteTable = new RouteTable();
fixture.registered.forEach((cid, session) => routes.set(Buffer.from(cid, "hex"), 0, session));
const initialRoutes: InitialRouteTable = new InitialRouteTable();
for (const dcid of fixture.initialRoutes)
  initialRoutes.add(
    { destinationId: Buffer.from(dcid, "hex"), to: 0, from: 1, expiresAtMs: nowMs + 1 },
    nowMs,
  );

/** Stands for the session that an initial route leads to; no registered connection ID leads there. */
export const accepter: number = fixture.registered.length;

/** The verdict of the rules in TypeScript, with the fixture's connection IDs, for a datagram of each route's dialer. */
export function verdictOf(datagram: Uint8Array, atMs: number = nowMs): number {
  return classify(datagram, { address: "192.0.2.1", port: 1 }, atMs, {
    routes,
    findInitial: (bytes, at, length, _source, now) =>
      initialRoutes.find(bytes, at, length, now) ? accepter : -1,
  });
}

/** An Initial to a DCID that leads nowhere; `sourceId` with its length byte. */
export function initial(sourceId: string): Buffer {
  return Buffer.from(`c00000000108aabbccddeeff0011${sourceId}0000`, "hex");
}

/** A packet of the table, or a peer's Initial that leads nowhere, cut and changed here and there. */
export const changedPacket: fc.Arbitrary<Uint8Array> = fc
  .record({
    packetHex: fc.constantFrom(
      ...fixture.cases.map((entry) => entry.packetHex),
      ...fixture.registered.map((cid) => initial(`0c${cid}`).toString("hex")),
    ),
    length: fc.nat(60),
    changes: fc.array(fc.tuple(fc.nat(40), fc.nat(255)), { maxLength: 3 }),
  })
  .map(({ packetHex, length, changes }) => {
    const datagram = Buffer.from(packetHex, "hex").subarray(0, length);
    for (const [at, value] of changes) if (at < datagram.length) datagram[at] = value;
    return datagram;
  });
