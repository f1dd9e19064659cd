import { unknownNat } from "../../../../../src/peer/nat/report.ts";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  controlBytesPerMinute,
  controlMessagesPerMinute,
  maxControlMessageBytes,
} from "../../../../../src/defaults/index.ts";
import { MessageReader } from "../../../../../src/peer/path/control/message-reader.ts";
import { type ControlMessage, encodeMessage } from "../../../../../src/peer/path/control/messages.ts";
import { encodeVarint } from "../../../../../src/wire/varint.ts";

const messages: readonly ControlMessage[] = [
  { type: "candidates", generation: 1, candidates: [], nat: unknownNat },
  { type: "punch", round: 1, mode: "normal" },
  { type: "path", kind: "direct", reason: undefined },
  { type: "gone" },
];

/** A message of a type that no version has. */
function unknown(length: number): Buffer {
  return Buffer.concat([encodeVarint(1000), encodeVarint(length), Buffer.alloc(length)]);
}

const stream: Buffer = Buffer.concat(messages.flatMap((message) => [encodeMessage(message), unknown(5)]));

describe("the reader of a control stream", () => {
  it("gives the same messages however they are cut, and skips unknown ones", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(stream.length)), (cuts) => {
        const reader = new MessageReader(0);
        const edges = [0, ...cuts.toSorted((a, b) => a - b), stream.length];
        const read = edges.map((end, i) => reader.push(stream.subarray(edges[i - 1] ?? 0, end), 0));
        expect(read.flat()).toEqual(messages);
      }),
    );
  });

  it("keeps no chunk that its caller uses again", () => {
    const reader = new MessageReader(0);
    const chunk = Buffer.from(encodeMessage(messages[1]!));
    expect(reader.push(chunk.subarray(0, 3), 0)).toEqual([]);
    const rest = Buffer.from(chunk.subarray(3));
    chunk.fill(0xff);
    expect(reader.push(rest, 0)).toEqual([messages[1]]);
  });

  it("takes the longest message, and refuses a longer one before its body is there", () => {
    const reader = new MessageReader(0);
    expect(reader.push(unknown(maxControlMessageBytes), 0)).toEqual([]);
    const header = unknown(maxControlMessageBytes + 1).subarray(0, 4);
    expect(reader.push(header, 0)).toBe("too-long");
    expect(new MessageReader(0).push(Buffer.from("01ffffffffffffffff", "hex"), 0)).toBe("too-long");
  });

  it("takes so many bytes a minute, and no more", () => {
    const reader = new MessageReader(0);
    const long = unknown(1020);
    const minute = Buffer.concat(Array.from({ length: controlBytesPerMinute / long.length }, () => long));
    expect(reader.push(minute, 0)).toEqual([]);
    expect(reader.push(minute, 60_000)).toEqual([]);
    expect(reader.push(Buffer.of(1), 60_000)).toBe("too-much");
  });

  it.each([
    ["known", Buffer.from(encodeMessage({ type: "gone" }))],
    ["unknown", unknown(0)],
  ])("takes so many messages a minute, and no more, of a type that is %s", (_case, message) => {
    const reader = new MessageReader(0);
    const minute = Buffer.concat(Array.from({ length: controlMessagesPerMinute }, () => message));
    expect(reader.push(minute, 0)).toBeInstanceOf(Array);
    expect(reader.push(minute, 60_000)).toBeInstanceOf(Array);
    expect(reader.push(message, 60_000)).toBe("too-many");
  });

  it("ends at a malformed message", () => {
    const reader = new MessageReader(0);
    expect(reader.push(Buffer.from("0300", "hex"), 0)).toBe("malformed");
  });

  it("reads nothing after a verdict, which it repeats", () => {
    const reader = new MessageReader(0);
    reader.push(Buffer.from("0300", "hex"), 0);
    expect(reader.push(encodeMessage({ type: "gone" }), 60_000)).toBe("malformed");
  });

  it("reads any bytes without an exception", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 10 }), (chunks) => {
        const reader = new MessageReader(0);
        const outcomes = chunks.map((chunk) => reader.push(chunk, 0));
        const end = outcomes.findIndex((outcome) => typeof outcome === "string");
        if (end >= 0) expect(new Set(outcomes.slice(end)).size).toBe(1);
      }),
    );
  });
});
