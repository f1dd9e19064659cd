import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Http3Fault } from "../../../src/http3/fault.ts";
import type { Fields } from "../../../src/http3/fields.ts";
import { RequestReader } from "../../../src/http3/request-reader.ts";
import { encodeVarint } from "../../../src/wire/varint.ts";
import { cut, frame, section } from "./wire-bytes.ts";

const maxFieldSectionBytes = 1024;
const get = section([
  [":method", "GET"],
  [":path", "/"],
  ["x-one", "1"],
]);
const headers = frame(1, get);
const trailers = frame(1, section([["x-sum", "7"]]));
const grease = frame(0x21, "nobody knows this");

interface Outcome {
  readonly fields: Fields[];
  readonly content: string;
  readonly fault: Http3Fault | undefined;
  readonly end: Http3Fault | undefined;
  readonly mostHeldBytes: number;
}

/** What a reader makes of a stream that comes in these pieces. */
function read(...pieces: readonly Uint8Array[]): Outcome {
  const reader = new RequestReader({ maxFieldSectionBytes });
  const fields: Fields[] = [];
  let content = "";
  let fault: Http3Fault | undefined;
  let mostHeldBytes = 0;
  for (const piece of pieces) {
    fault = reader.push(piece, {
      fields: (some) => fields.push({ ...some }),
      data: (some) => (content += Buffer.from(some).toString("latin1")),
    });
    mostHeldBytes = Math.max(mostHeldBytes, reader.heldBytes);
    if (fault) break;
  }
  return { fields, content, fault, end: fault ?? reader.end(), mostHeldBytes };
}

const connection = (code: number): object => ({ scope: "connection", code });
const stream = (code: number): object => ({ scope: "stream", code });

describe("a request's frames", () => {
  it("are its fields, its content piece by piece, and trailers, which are not passed on", () => {
    const outcome = read(
      Buffer.concat([grease, headers, frame(0, "ab"), grease, frame(0), frame(0, "c"), trailers]),
    );
    expect(outcome).toMatchObject({ content: "abc", fault: undefined, end: undefined });
    expect(outcome.fields).toEqual([{ ":method": "GET", ":path": "/", "x-one": "1" }]);
  });

  it("say the same however they are cut", () => {
    const bytes = Buffer.concat([
      grease,
      headers,
      frame(0, "abcdef"),
      grease,
      frame(0, "g"),
      trailers,
      grease,
    ]);
    const whole = read(bytes);
    expect(whole.content).toBe("abcdefg");
    const single = read(...Array.from(bytes, (byte) => Buffer.from([byte])));
    expect({ ...single, mostHeldBytes: 0 }).toEqual(whole);
    for (let at = 0; at <= bytes.length; at++) {
      const { mostHeldBytes, ...outcome } = read(bytes.subarray(0, at), bytes.subarray(at));
      expect({ ...outcome, mostHeldBytes: 0 }).toEqual(whole);
      expect(mostHeldBytes).toBeLessThanOrEqual(maxFieldSectionBytes);
    }
  });

  it.each([
    ["DATA first", [frame(0, "a")], connection(0x105)],
    ["DATA behind trailers", [headers, trailers, frame(0, "a")], connection(0x105)],
    ["fields behind trailers", [headers, trailers, trailers], connection(0x105)],
    ["SETTINGS", [frame(4)], connection(0x105)],
    ["CANCEL_PUSH", [headers, frame(3)], connection(0x105)],
    ["PUSH_PROMISE", [headers, frame(5)], connection(0x105)],
    ["GOAWAY", [headers, frame(7)], connection(0x105)],
    ["MAX_PUSH_ID", [headers, frame(13)], connection(0x105)],
    ["HTTP/2's PRIORITY", [headers, frame(2)], connection(0x105)],
    ["HTTP/2's PING", [frame(6)], connection(0x105)],
    ["HTTP/2's WINDOW_UPDATE", [frame(8)], connection(0x105)],
    ["HTTP/2's CONTINUATION", [headers, frame(9)], connection(0x105)],
    ["fields that are none", [frame(1, "\xff")], connection(0x200)],
    ["no fields", [], stream(0x10d)],
    ["only frames that nobody knows", [grease], stream(0x10d)],
    ["a frame's type alone", [headers, Buffer.from([0])], connection(0x106)],
    ["half a frame's type", [headers, Buffer.from([0x40])], connection(0x106)],
    ["half a frame's length", [headers, Buffer.from([0, 0x40])], connection(0x106)],
    ["DATA that is cut short", [headers, frame(0, "abc").subarray(0, 4)], connection(0x106)],
    ["fields that are cut short", [headers.subarray(0, 9)], connection(0x106)],
    ["a frame that nobody knows, cut short", [headers, grease.subarray(0, 9)], connection(0x106)],
  ])("are refused for %s", (_, frames, fault) => {
    expect(read(Buffer.concat(frames)).end).toMatchObject(fault);
  });

  it("are a fault as soon as they announce too many fields", () => {
    const longest = Buffer.concat([encodeVarint(1), encodeVarint(maxFieldSectionBytes)]);
    expect(read(longest).fault).toBeUndefined();
    const announced = Buffer.concat([encodeVarint(1), encodeVarint(maxFieldSectionBytes + 1)]);
    expect(read(announced)).toMatchObject({ fault: { ...stream(0x107), status: 431 }, mostHeldBytes: 0 });
    // Too late for an answer of its own.
    const { fault } = read(headers, announced);
    expect(fault).toMatchObject(stream(0x107));
    expect(fault).not.toHaveProperty("status");
  });

  it("are refused for malformed fields, with a status while there is no answer yet", () => {
    const malformed = frame(1, section([["X", "1"]]));
    expect(read(malformed).fault).toMatchObject({ ...stream(0x10e), status: 400 });
    expect(read(headers, malformed).fault).not.toHaveProperty("status");
  });

  it("tell in how many bytes their fields came, whatever these say", () => {
    const bytes: number[] = [];
    const on = { fields: (_: Fields, length: number) => bytes.push(length), data: () => undefined };
    // Five bytes: a prefix, and three fields of the static table.
    const indexed = frame(1, Buffer.from([0, 0, 0xd1, 0xc1, 0xd7]));
    expect(new RequestReader({ maxFieldSectionBytes }).push(indexed, on)).toBeUndefined();
    expect(bytes).toEqual([5]);
  });

  it("hold memory for what has come, not for what was announced", () => {
    const announced = Buffer.concat([encodeVarint(1), encodeVarint(1000)]);
    expect(read(announced, Buffer.alloc(1)).mostHeldBytes).toBeLessThanOrEqual(64);
    expect(read(announced, Buffer.alloc(100), Buffer.alloc(1)).mostHeldBytes).toBeLessThanOrEqual(202);
    const endless = Buffer.concat([headers, encodeVarint(0x21), encodeVarint(2 ** 50)]);
    expect(read(endless, ...Array<Buffer>(50).fill(Buffer.alloc(1000)))).toMatchObject({
      fault: undefined,
      mostHeldBytes: 0,
    });
  });

  it("go on where a piece's memory was given back as it came", () => {
    const reader = new RequestReader({ maxFieldSectionBytes });
    const on = {
      fields: () => undefined,
      data: (piece: Uint8Array) => (piece.buffer as ArrayBuffer).transfer(0),
    };
    for (const bytes of [
      Buffer.concat([headers, encodeVarint(0), encodeVarint(8)]),
      Buffer.alloc(4),
      Buffer.alloc(4),
    ])
      expect(reader.push(Uint8Array.from(bytes), on)).toBeUndefined();
    expect(reader.end()).toBeUndefined();
  });

  it("say nothing more after a fault", () => {
    const reader = new RequestReader({ maxFieldSectionBytes });
    const told: string[] = [];
    const on = { fields: () => told.push("fields"), data: () => told.push("data") };
    const fault = reader.push(Buffer.concat([frame(4), headers]), on);
    expect(reader.push(headers, on)).toBe(fault);
    expect(told).toEqual([]);
    expect(reader.heldBytes).toBe(0);
  });

  it("never throw, never hold more than allowed, and say the same however they are cut", () => {
    const payload = fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.constant(get));
    const part = fc.oneof(
      fc.tuple(fc.constantFrom(0, 1, 0x21), payload).map(([type, bytes]) => frame(type, bytes)),
      fc.constantFrom(headers, trailers),
      fc.uint8Array({ maxLength: 20 }),
    );
    const places = fc.array(fc.nat(500), { maxLength: 10 });
    fc.assert(
      fc.property(fc.array(part, { maxLength: 6 }), places, (parts, at) => {
        const bytes = Buffer.concat(parts);
        const { mostHeldBytes, ...outcome } = read(...cut(bytes, at));
        expect(mostHeldBytes).toBeLessThanOrEqual(maxFieldSectionBytes);
        expect({ ...outcome, mostHeldBytes: 0 }).toEqual({ ...read(bytes), mostHeldBytes: 0 });
      }),
      { numRuns: 1000 },
    );
  });
});
