import { describe, expect, it } from "vitest";
import { unprovenPathBytes } from "../../../../src/defaults/index.ts";
import { type Arrival, arrivalOf, Probation } from "../../../../src/forwarder/splice/probation.ts";

const id = Buffer.from("f0f1f2f3f4f5f6f7f8", "hex");
const versions = { 1: 1, 2: 0x6b3343cf, unknown: 0x0a1a2a3a } as const;
/** The first byte's type bits of a long header, by version. */
const bits = {
  1: { initial: 0, zeroRtt: 1, handshake: 2, retry: 3 },
  2: { initial: 1, zeroRtt: 2, handshake: 3, retry: 0 },
} as const;
type Kind = keyof (typeof bits)[1];

interface Ids {
  readonly to?: Uint8Array;
  readonly from?: Uint8Array;
}

function long(
  version: number,
  type: number,
  { to = Buffer.alloc(8, 1), from = id }: Ids,
  bytes = 100,
): Buffer {
  const fixed = Buffer.alloc(5);
  fixed[0] = 0xc0 | (type << 4);
  fixed.writeUInt32BE(version, 1);
  const header = Buffer.concat([fixed, Buffer.of(to.length), to, Buffer.of(from.length), from]);
  return Buffer.concat([header, Buffer.alloc(bytes - header.length)]);
}

function short(to: Uint8Array, bytes = 60): Buffer {
  return Buffer.concat([Buffer.of(0x40), to, Buffer.alloc(bytes - 1 - to.length)]);
}

/** Whether a client is past its probation after what the gateway answered and what it sent then. */
function passes(arrival: Arrival, answers: readonly Buffer[], packet: Buffer, first?: Buffer): boolean {
  const probation = new Probation(arrival);
  const isFirst = probation.sent(first ?? (arrival === "moving" ? short(id) : long(1, 0, {}, 1200)));
  for (const answer of answers) probation.answered(answer);
  return isFirst || probation.sent(packet);
}

describe("arrivalOf", () => {
  it.each([
    ["a long header of 1200 bytes", Buffer.alloc(1200, 0x80), "beginning"],
    ["one of 1199", Buffer.alloc(1199, 0x80), undefined],
    ["a short header of 21 bytes", Buffer.alloc(21, 0x40), "moving"],
    ["one without the fixed bit (RFC 9287)", Buffer.alloc(21, 0x01), "moving"],
    ["one of 20", Buffer.alloc(20, 0x40), undefined],
    ["a byte", Buffer.of(0x40), undefined],
  ])("%s", (_name, datagram, arrival) => {
    expect(arrivalOf(datagram)).toBe(arrival);
  });
});

describe("the probation of a client that begins a connection", () => {
  describe.each([1, 2] as const)("of version %i", (number) => {
    const version = versions[number];
    const packet = (kind: Kind, ids: Ids): Buffer => long(version, bits[number][kind], ids);

    it("ends with a packet to the connection ID that the gateway has chosen", () => {
      for (const kind of ["initial", "handshake"] as const) {
        expect(passes("beginning", [packet(kind, { from: id })], packet("handshake", { to: id }))).toBe(true);
        expect(passes("beginning", [packet(kind, { from: id })], short(id))).toBe(true);
      }
    });

    it("goes on after an Initial, whatever ID that has", () => {
      expect(passes("beginning", [packet("handshake", {})], packet("initial", { to: id }))).toBe(false);
    });

    it("goes on after Retry, which is answered by an Initial", () => {
      expect(passes("beginning", [packet("retry", {})], short(id))).toBe(false);
      const answers = [packet("handshake", {}), packet("retry", { from: Buffer.alloc(9, 3) })];
      expect(passes("beginning", answers, short(id))).toBe(true);
    });

    it("goes on where the ID is another, or longer", () => {
      for (const to of [Buffer.alloc(9, 1), id.subarray(0, 8), Buffer.concat([id, Buffer.of(0)])]) {
        expect(passes("beginning", [packet("handshake", {})], packet("handshake", { to }))).toBe(false);
      }
      expect(passes("beginning", [packet("handshake", {})], short(Buffer.alloc(9, 1)))).toBe(false);
    });
  });

  it("ends with a short header in a version that is not known", () => {
    const answer = long(versions.unknown, 0, {});
    expect(passes("beginning", [answer], long(versions.unknown, 2, { to: id }))).toBe(false);
    expect(passes("beginning", [answer], short(id))).toBe(true);
  });

  it("does not take Version Negotiation for an answer: its ID is the client's own", () => {
    expect(passes("beginning", [long(0, 2, { from: Buffer.alloc(8, 1) })], short(Buffer.alloc(8, 1)))).toBe(
      false,
    );
  });

  it("goes on however much the gateway sends with short headers", () => {
    expect(passes("beginning", [short(id, 1200), short(id, 1200)], short(id))).toBe(false);
  });

  it("does not trip over anything", () => {
    for (let length = 1; length < 40; length++)
      for (const fill of [0, 0x40, 0xc0, 0xff]) {
        const datagram = Buffer.alloc(length, fill);
        expect(passes("beginning", [datagram], datagram)).toBe(false);
      }
  });
});

function allowed(bytesIn: number): number {
  return 3 * bytesIn + unprovenPathBytes;
}

describe("the probation of a client that moves", () => {
  it("ends once the gateway has sent more than it may to a path that it has not validated", () => {
    const answers = (bytes: number): Buffer[] => [short(id, 1000), short(id, bytes - 1000)];
    expect(passes("moving", answers(allowed(1400 + 60) + 1), short(id), short(id, 1400))).toBe(true);
    expect(passes("moving", answers(allowed(1400 + 60)), short(id), short(id, 1400))).toBe(false);
  });

  it("goes on after a probe of the path, whose answer nobody may read", () => {
    expect(passes("moving", [short(id, 1200)], short(id))).toBe(false);
    expect(passes("moving", [short(id, 1200), short(id, 1200), short(id, 1200)], short(id, 21))).toBe(false);
  });

  it("asks for more than that where the gateway begins a connection", () => {
    const much = [short(id, 2 * unprovenPathBytes)];
    expect(passes("moving", much, short(id))).toBe(true);
    expect(passes("moving", [...much, long(1, 0, { from: Buffer.alloc(9, 3) })], short(id))).toBe(false);
    expect(passes("moving", much, long(1, 2, { to: id }))).toBe(false);
  });
});
