import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseFirstFlight, parseLongHeader } from "../../../src/wire/quic-packet.ts";

const dcid: Buffer = Buffer.from("8394c8f03e515708", "hex");
const scid: Buffer = Buffer.from("38e41c0ab6938363f79c55c1", "hex");

interface Fields {
  readonly firstByte?: number;
  readonly version?: number;
  readonly destination?: Buffer;
  readonly source?: Buffer;
  readonly token?: Buffer;
  readonly payloadBytes?: number;
}

/** A packet with a two-byte length field; `token` only where the type has one. */
function longPacket(fields: Fields = {}): Buffer {
  const { firstByte = 0xc0, version = 1, destination = dcid, source = scid, payloadBytes = 1160 } = fields;
  const isInitial = (firstByte & 0x30) === 0;
  const token = fields.token ?? Buffer.alloc(0);
  const header = Buffer.from([firstByte, 0, 0, 0, 0]);
  header.writeUInt32BE(version, 1);
  return Buffer.concat([
    header,
    Buffer.from([destination.length]),
    destination,
    Buffer.from([source.length]),
    source,
    ...(isInitial ? [Buffer.from([token.length]), token] : []),
    Buffer.from([0x40 | (payloadBytes >> 8), payloadBytes & 0xff]),
    Buffer.alloc(payloadBytes, 0xaa),
  ]);
}

const initial: Buffer = longPacket({ payloadBytes: 1200 });
const zeroRtt: Buffer = longPacket({ firstByte: 0xd0, payloadBytes: 40 });

describe("parseLongHeader", () => {
  it("reads the version-independent fields of any version", () => {
    const header = parseLongHeader(longPacket({ version: 0x6b3343cf }))!;
    expect(header.version).toBe(0x6b3343cf);
    expect(Buffer.from(header.destinationId)).toEqual(dcid);
    expect(Buffer.from(header.sourceId)).toEqual(scid);
    expect(header.end).toBe(7 + dcid.length + scid.length);
  });

  it("reads empty connection IDs", () => {
    const header = parseLongHeader(Buffer.from("c0000000010000", "hex"))!;
    expect([header.destinationId.length, header.sourceId.length, header.end]).toEqual([0, 0, 7]);
  });

  it.each([
    ["a short header", "40000000010000"],
    ["six bytes", "c00000000100"],
    ["a destination CID past the end", "c00000000109aabbccdd"],
    ["no source CID length", "c00000000101aa"],
    ["a source CID past the end", "c00000000101aa05bb"],
  ])("refuses %s", (_name, packetHex) => {
    expect(parseLongHeader(Buffer.from(packetHex, "hex"))).toBeUndefined();
  });

  it("never throws, and never reads past the end", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        const header = parseLongHeader(bytes);
        if (header) expect(header.end).toBeLessThanOrEqual(bytes.length);
      }),
    );
  });
});

describe("parseFirstFlight", () => {
  it("accepts an Initial, and an Initial with 0-RTT behind it", () => {
    for (const datagram of [initial, Buffer.concat([initial, zeroRtt])]) {
      const flight = parseFirstFlight(datagram);
      expect(flight).toEqual({ destinationId: dcid, hasInitial: true });
    }
  });

  it("accepts zero bytes as padding after the last packet", () => {
    const padded = Buffer.concat([longPacket({ payloadBytes: 300 }), Buffer.alloc(900)]);
    expect(parseFirstFlight(padded)).toMatchObject({ hasInitial: true });
  });

  it("accepts 0-RTT alone, however short", () => {
    expect(parseFirstFlight(zeroRtt)).toMatchObject({ hasInitial: false });
  });

  it("accepts an Initial with a token", () => {
    expect(parseFirstFlight(longPacket({ token: Buffer.alloc(16, 1), payloadBytes: 1200 }))).toMatchObject({
      hasInitial: true,
    });
  });

  it.each([
    ["not a long header", Buffer.alloc(1200, 0x40)],
    ["not a long header", Buffer.alloc(0)],
    ["not QUIC version 1", longPacket({ version: 0 })],
    ["not QUIC version 1", longPacket({ version: 0x6b3343cf })],
    ["a connection ID over 20 bytes", longPacket({ destination: Buffer.alloc(21) })],
    ["a connection ID over 20 bytes", longPacket({ source: Buffer.alloc(21) })],
    ["neither Initial nor 0-RTT", longPacket({ firstByte: 0xe0 })],
    ["neither Initial nor 0-RTT", longPacket({ firstByte: 0xf0 })],
    ["neither Initial nor 0-RTT", Buffer.concat([initial, longPacket({ firstByte: 0xe0 })])],
    ["cut short", initial.subarray(0, -1)],
    ["cut short", longPacket({ payloadBytes: 19 })],
    ["cut short", initial.subarray(0, 7 + dcid.length + scid.length)],
    ["an Initial in a datagram under 1200 bytes", longPacket({ payloadBytes: 1100 })],
    ["an initial destination connection ID under 8 bytes", longPacket({ destination: Buffer.alloc(7) })],
    [
      "two destination connection IDs",
      Buffer.concat([
        initial,
        longPacket({ firstByte: 0xd0, payloadBytes: 40, destination: Buffer.alloc(8) }),
      ]),
    ],
  ])("refuses %s (%#)", (reason, datagram) => {
    expect(parseFirstFlight(datagram)).toBe(reason);
  });

  it("never throws and always ends, for any change to a valid flight", () => {
    const change = fc.tuple(fc.nat(initial.length - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(change, { maxLength: 4 }), fc.nat(initial.length), (changes, length) => {
        const datagram = Buffer.from(initial.subarray(0, length));
        for (const [at, value] of changes) if (at < length) datagram[at] = value;
        const flight = parseFirstFlight(datagram);
        expect(typeof flight === "string" || flight.destinationId.length >= 8).toBe(true);
      }),
    );
  });
});
