import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Http3Fault } from "../../../src/http3/fault.ts";
import type { Fields } from "../../../src/http3/fields.ts";
import { ResponseReader } from "../../../src/http3/response-reader.ts";
import { cut, type FieldLines, frame, section } from "./wire-bytes.ts";

const maxFieldSectionBytes = 1024;

/** HEADERS with a status and further fields. */
function head(status: string, ...fields: FieldLines): Buffer {
  return frame(1, section([[":status", status], ...fields]));
}

const ok = head("200", ["x-one", "1"]);
const trailers = frame(1, section([["x-sum", "7"]]));
const grease = frame(0x21, "nobody knows this");

interface Outcome {
  readonly fields: Fields[];
  readonly content: string;
  /** A fault of the bytes, or of the stream's end after them. */
  readonly fault: Http3Fault | undefined;
}

/** What a reader makes of a stream that comes in these pieces, and then ends. */
function read(...pieces: readonly Uint8Array[]): Outcome {
  const reader = new ResponseReader({ maxFieldSectionBytes });
  const fields: Fields[] = [];
  let content = "";
  for (const piece of pieces)
    reader.push(piece, {
      fields: (some) => fields.push({ ...some }),
      data: (some) => (content += Buffer.from(some).toString("latin1")),
    });
  return { fields, content, fault: reader.end() };
}

const malformed = { scope: "stream", code: 0x10e };

describe("a response's frames", () => {
  it("are its fields, its content piece by piece, and trailers, which are not passed on", () => {
    expect(read(grease, ok, frame(0, "ab"), grease, frame(0), frame(0, "c"), trailers)).toEqual({
      fields: [{ ":status": "200", "x-one": "1" }],
      content: "abc",
      fault: undefined,
    });
  });

  it("may begin with interim responses, which are not passed on", () => {
    const outcome = read(
      head("103", ["link", "</a>"]),
      head("100", ["content-length", "9"]),
      ok,
      frame(0, "a"),
    );
    expect(outcome).toMatchObject({ fields: [{ ":status": "200" }], content: "a", fault: undefined });
  });

  it.each([
    ["a response without a status", [frame(1, section([["x-one", "1"]]))]],
    ["two statuses", [head("200", [":status", "200"])]],
    ["a status of two digits", [head("20")]],
    ["a status of four digits", [head("2000")]],
    ["a status that is no number", [head("abc")]],
    ["a switch of protocols", [head("101")]],
    ["a request's field", [head("200", [":path", "/"])]],
    ["a field of HTTP/1.1", [head("200", ["transfer-encoding", "chunked"])]],
    ["a name in upper case", [head("200", ["X-One", "1"])]],
    ["a status in trailers", [ok, head("200")]],
    ["an interim response after the final one", [ok, head("103")]],
    ["no fields at all", []],
    ["interim responses alone", [head("100")]],
    ["a content length that is no number", [head("200", ["content-length", "1e3"])]],
    ["two content lengths", [head("200", ["content-length", "0"], ["content-length", "0"])]],
    ["less content than announced", [head("200", ["content-length", "3"]), frame(0, "ab")]],
    ["more content than announced", [head("200", ["content-length", "1"]), frame(0, "ab")]],
  ])("are malformed for %s", (_, frames) => {
    expect(read(...frames).fault).toMatchObject(malformed);
  });

  it("may announce the content of another response with status 304 (RFC 9110 §8.6)", () => {
    expect(read(head("304", ["content-length", "3"])).fault).toBeUndefined();
    expect(read(head("204")).fault).toBeUndefined();
    expect(read(head("200", ["content-length", "2"]), frame(0, "ab"), trailers).fault).toBeUndefined();
  });

  it.each([
    ["DATA before the fields", [frame(0, "a")], 0x105],
    ["DATA after interim fields", [head("100"), frame(0, "a")], 0x105],
    ["DATA after trailers", [ok, trailers, frame(0, "a")], 0x105],
    ["HEADERS after trailers", [ok, trailers, trailers], 0x105],
    ["SETTINGS", [ok, frame(4)], 0x105],
    ["GOAWAY", [ok, frame(7, "\0")], 0x105],
    ["HTTP/2's PING", [ok, frame(6)], 0x105],
    ["PUSH_PROMISE, as no push is allowed", [ok, frame(5, "\0")], 0x108],
    ["a frame that is cut short", [ok, Buffer.from([0, 5, 1])], 0x106],
    ["a field section that cannot be read", [frame(1, Buffer.from([0, 0, 0xff]))], 0x200],
    ["a field section with a dynamic table", [frame(1, Buffer.from([2, 0, 0x80]))], 0x200],
  ])("break the connection for %s", (_, frames, code) => {
    expect(read(...frames).fault).toMatchObject({ scope: "connection", code });
  });

  it("hold no field section that is too long, as encoded or decoded", () => {
    const tooLong = { scope: "stream", code: 0x107 };
    const reader = new ResponseReader({ maxFieldSectionBytes });
    const handler = { fields: () => expect.unreachable(), data: () => expect.unreachable() };
    // Its length alone has come.
    expect(reader.push(Buffer.from([1, 0x44, 0x01]), handler)).toMatchObject(tooLong);
    expect(reader.heldBytes).toBe(0);
    expect(read(frame(1, Buffer.concat([Buffer.alloc(2), Buffer.alloc(1000, 0xd9)]))).fault).toMatchObject(
      tooLong,
    );
  });

  it("say the same however they are cut, and never throw", () => {
    const part = fc.oneof(
      fc.constantFrom(
        ok,
        trailers,
        grease,
        head("100"),
        frame(0, "ab"),
        head("200", ["content-length", "4"]),
      ),
      fc.uint8Array({ maxLength: 20 }),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 6 }), fc.array(fc.nat(200), { maxLength: 10 }), (parts, at) => {
        const bytes = Buffer.concat(parts);
        expect(read(...cut(bytes, at))).toEqual(read(bytes));
      }),
      { numRuns: 1000 },
    );
  });
});
