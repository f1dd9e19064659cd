import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Side } from "../../../src/http3/control-stream.ts";
import { UniStreams } from "../../../src/http3/uni-streams.ts";
import { encodeVarint } from "../../../src/wire/varint.ts";
import { cut, frame } from "./wire-bytes.ts";

function settings(...values: readonly number[]): Buffer {
  return frame(4, Buffer.concat(values.map(encodeVarint)));
}

/** What is said to a client's stream of these bytes. */
function said(...parts: readonly Uint8Array[]): unknown {
  return saidTo("client", ...parts);
}

/** What is said to a stream of these bytes, whole and byte by byte; it has to be the same. */
function saidTo(side: Side, ...parts: readonly Uint8Array[]): unknown {
  const bytes = Buffer.concat(parts);
  const whole = new UniStreams(side).push(2, bytes);
  const single = new UniStreams(side);
  expect(Array.from(bytes, (byte) => single.push(2, Buffer.from([byte]))).find((each) => each)).toEqual(
    whole,
  );
  return whole;
}

const control = Buffer.from([0]);
const encoder = Buffer.from([2]);
const decoder = Buffer.from([3]);
const grease = frame(0x40 * 0x1f + 0x21, "nobody knows this");
const connection = (code: number): object => ({ scope: "connection", code });

describe("a client's control stream", () => {
  it("has settings, then frames that change nothing here, and unknown ones", () => {
    const priorityUpdate = frame(0xf0700, "\0u=1");
    const frames = [
      settings(6, 16_384, 1, 65_536, 7, 100, 0x33, 1),
      grease,
      priorityUpdate,
      frame(13, "\x05"),
    ];
    expect(said(control, ...frames, frame(13, "\x05"), frame(7, "\x09"), frame(7, "\x01"))).toBeUndefined();
  });

  it("has settings of up to a kilobyte", () => {
    expect(said(control, Buffer.from([4, 0x44, 0x00]))).toBeUndefined();
  });

  it.each([
    ["a frame before its settings", [grease], 0x10a],
    ["DATA before its settings", [frame(0)], 0x10a],
    ["settings twice", [settings(), settings()], 0x105],
    ["a setting twice", [settings(6, 1, 6, 1)], 0x109],
    ["HTTP/2's ENABLE_PUSH", [settings(2, 1)], 0x109],
    ["HTTP/2's MAX_CONCURRENT_STREAMS", [settings(3, 1)], 0x109],
    ["HTTP/2's INITIAL_WINDOW_SIZE", [settings(4, 1)], 0x109],
    ["HTTP/2's MAX_FRAME_SIZE", [settings(5, 1)], 0x109],
    ["a setting that is cut short", [frame(4, "\x06")], 0x106],
    ["settings of many bytes", [Buffer.from([4, 0x44, 0x01])], 0x107],
    ["DATA", [settings(), frame(0)], 0x105],
    ["HEADERS", [settings(), frame(1)], 0x105],
    ["PUSH_PROMISE", [settings(), frame(5)], 0x105],
    ["HTTP/2's PING", [settings(), frame(6)], 0x105],
    ["CANCEL_PUSH", [settings(), frame(3, "\0")], 0x108],
    ["MAX_PUSH_ID that shrinks", [settings(), frame(13, "\x05"), frame(13, "\x04")], 0x108],
    ["GOAWAY that grows", [settings(), frame(7, "\x05"), frame(7, "\x06")], 0x108],
    ["GOAWAY without an ID", [settings(), frame(7)], 0x106],
    ["GOAWAY with more than an ID", [settings(), frame(7, "\0\0")], 0x106],
    ["GOAWAY longer than any ID", [settings(), Buffer.from([7, 9])], 0x106],
  ])("is refused for %s", (_, frames, code) => {
    expect(said(control, ...frames)).toMatchObject(connection(code));
  });
});

describe("a server's control stream", () => {
  it("has settings, and GOAWAY with the ID of a request that does not grow", () => {
    const streams = new UniStreams("server");
    expect(streams.goAwayId).toBe(Infinity);
    const first = Buffer.from([7, 8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfc]);
    expect(streams.push(3, Buffer.concat([control, settings(6, 65_536), grease, first]))).toBeUndefined();
    // Above 2⁵³, so not exact.
    expect(streams.goAwayId).toBe(2 ** 62);
    expect(streams.push(3, frame(7, "\x08"))).toBeUndefined();
    expect(streams.goAwayId).toBe(8);
  });

  it.each([
    ["a frame before its settings", [frame(7, "\0")], 0x10a],
    ["MAX_PUSH_ID", [settings(), frame(13, "\x05")], 0x105],
    ["CANCEL_PUSH", [settings(), frame(3, "\0")], 0x108],
    ["GOAWAY that grows", [settings(), frame(7, "\x04"), frame(7, "\x08")], 0x108],
    ["GOAWAY with the ID of no request", [settings(), frame(7, "\x05")], 0x108],
  ])("is refused for %s", (_, frames, code) => {
    expect(saidTo("server", control, ...frames)).toMatchObject(connection(code));
  });

  it("is the only one that a server may need: a push is refused, as none is allowed", () => {
    expect(saidTo("server", Buffer.from([1, 0]))).toMatchObject(connection(0x108));
  });
});

describe("a client's QPACK streams", () => {
  it("may say that there is no table, and that streams were cancelled", () => {
    expect(said(encoder, Buffer.from([0x20, 0x20]))).toBeUndefined();
    expect(said(decoder, Buffer.from([0x40, 0x7e, 0x7f, 0x00, 0x7f, 0xff, 0x7f, 0x40]))).toBeUndefined();
    expect(said(decoder, Buffer.from("7fffffffffffffffff7f44", "hex"))).toBeUndefined();
  });

  it.each([
    ["a table's capacity", encoder, "21", 0x201],
    ["a table's capacity of several bytes", encoder, "3f00", 0x201],
    ["an insertion with a name", encoder, "4161", 0x201],
    ["an insertion with an index", encoder, "c100", 0x201],
    ["a duplicate", encoder, "00", 0x201],
    ["a section's acknowledgement", decoder, "80", 0x202],
    ["an insertion's acknowledgement", decoder, "01", 0x202],
    ["a stream's ID of too many bytes", decoder, "7fffffffffffffffffff", 0x202],
    ["an endless stream's ID", decoder, "7f808080808080808080808080", 0x202],
  ])("are refused for %s", (_, type, hex, code) => {
    expect(said(type, Buffer.from(hex, "hex"))).toMatchObject(connection(code));
  });
});

describe("a client's unidirectional streams", () => {
  it("are there once each", () => {
    for (const type of [control, encoder, decoder]) {
      const streams = new UniStreams("client");
      expect(streams.push(2, type)).toBeUndefined();
      expect(streams.push(6, type)).toMatchObject(connection(0x103));
    }
  });

  it("are not a push", () => {
    expect(said(Buffer.from([1, 0]))).toMatchObject(connection(0x103));
  });

  it("are stopped once if their type is unknown", () => {
    const streams = new UniStreams("client");
    expect(streams.push(2, Buffer.from([0x40]))).toBeUndefined();
    expect(streams.push(2, Buffer.from([0x21, 0]))).toEqual({ stop: 0x103 });
    expect(streams.push(2, Buffer.from([0, 0, 1]))).toBeUndefined();
    expect(streams.end(2)).toBeUndefined();
  });

  it("must not end if the connection needs them", () => {
    for (const type of [control, encoder, decoder]) {
      const streams = new UniStreams("client");
      streams.push(2, type);
      expect(streams.end(2)).toMatchObject(connection(0x104));
    }
  });

  it("are forgotten when they have ended", () => {
    const streams = new UniStreams("client");
    expect(streams.push(2, Buffer.from([0x21]))).toEqual({ stop: 0x103 });
    streams.end(2);
    expect(streams.push(2, Buffer.from([0x21]))).toEqual({ stop: 0x103 });
  });

  it("may end before their type is known", () => {
    const streams = new UniStreams("client");
    expect(streams.end(2)).toBeUndefined();
    streams.push(6, Buffer.from([0x40]));
    expect(streams.end(6)).toBeUndefined();
  });

  it("never throw, and say the same however they are cut", () => {
    const type = fc.constantFrom(control, encoder, decoder, Buffer.alloc(0));
    const part = fc.oneof(
      fc.constantFrom(settings(), settings(6, 1), grease, frame(13, "\x05"), frame(7, "\0"), encoder),
      fc.uint8Array({ maxLength: 20 }),
    );
    const places = fc.array(fc.nat(200), { maxLength: 10 });
    fc.assert(
      fc.property(type, fc.array(part, { maxLength: 5 }), places, (first, parts, at) => {
        const bytes = Buffer.concat([first, ...parts]);
        const streams = new UniStreams("client");
        const answers = cut(bytes, at).map((piece) => streams.push(2, piece));
        expect(answers.find((each) => each)).toEqual(new UniStreams("client").push(2, bytes));
      }),
      { numRuns: 1000 },
    );
  });
});
