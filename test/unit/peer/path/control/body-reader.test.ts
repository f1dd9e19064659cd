import { describe, expect, it } from "vitest";
import { BodyReader } from "../../../../../src/peer/path/control/body-reader.ts";

describe("the reader of a body", () => {
  it("reads field after field", () => {
    const reader = new BodyReader(Buffer.from("40410161622d63ff", "hex"));
    expect([reader.count(), reader.choice(["a", "b"]), reader.text(3, /^[a-z-]*$/)]).toEqual([
      65,
      "b",
      "ab-",
    ]);
    expect([reader.bytes(2), reader.isMalformed]).toEqual([Uint8Array.of(0x63, 0xff), false]);
  });

  it.each<[string, (reader: BodyReader) => unknown, unknown]>([
    ["a count that is cut short", (reader) => reader.count(), 0],
    ["bytes that are cut short", (reader) => reader.bytes(2), new Uint8Array()],
    ["a text of another form", (reader) => reader.text(1, /^a$/), ""],
  ])("takes %s for zero, and tells", (_, read, value) => {
    const reader = new BodyReader(Uint8Array.of(0x40));
    expect([read(reader), reader.isMalformed]).toEqual([value, true]);
  });
});
