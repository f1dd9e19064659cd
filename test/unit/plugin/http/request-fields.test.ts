import { randomBytes } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isQuicpipeError } from "../../../../src/errors.ts";
import {
  requireFlight,
  requireInstance,
  requireKey,
  requireNote,
  requireNum,
  requirePackets,
  requireTtl,
} from "../../../../src/plugin/http/request-fields.ts";

const range = { minMs: 1000, maxMs: 60_000, defaultMs: 30_000 };

function initial(destinationId: Uint8Array): Buffer {
  const packet = Buffer.alloc(1200);
  packet.set([0xc0, 0, 0, 0, 1, destinationId.length, ...destinationId, 0, 0]);
  packet.writeUInt16BE(0x4400, 8 + destinationId.length);
  return packet;
}

describe("request fields", () => {
  it("take whatever JSON can hold without failing otherwise than with their own error", () => {
    const fields = [requireKey, requirePackets, requireNote, requireInstance];
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(...fields), (value, field) => {
        try {
          field(value);
        } catch (error) {
          expect(isQuicpipeError(error)).toBe(true);
        }
      }),
    );
  });

  it("take the names of a process, both or none, of 16 to 64 bytes", () => {
    const [holder, run] = [Buffer.alloc(16, 1).toString("base64"), Buffer.alloc(64, 2).toString("base64")];
    expect(requireInstance(undefined)).toBeUndefined();
    expect(requireInstance({ holder, run, more: 1 })).toEqual({ holder, run });
    const short = Buffer.alloc(15).toString("base64");
    for (const wrong of [null, "name", [], { holder }, { holder, run: short }, { holder: `${holder}=`, run }])
      expect(() => requireInstance(wrong)).toThrow(
        expect.objectContaining({ code: "ERR_QUICPIPE_BODY_INVALID" }),
      );
  });

  it("take every key of 16 to 64 bytes as it is", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 64 }), (key) => {
        expect(requireKey(Buffer.from(key).toString("base64"))).toEqual(Buffer.from(key));
      }),
    );
  });

  it("take any datagrams without failing otherwise than with their own error", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 1500 }), { maxLength: 8 }), (packets) => {
        expect(() => requireFlight(packets)).toThrow(
          expect.objectContaining({ code: expect.stringMatching(/PACKETS_INVALID|NOT_INITIAL/) }),
        );
      }),
    );
  });

  it("find the destination connection ID of the datagrams, as a copy", () => {
    const id = randomBytes(8);
    const packets = [initial(id), initial(id)];
    const flight = requireFlight(packets);
    expect(Buffer.from(flight.destinationId)).toEqual(id);
    packets[0]!.fill(0);
    expect(Buffer.from(flight.destinationId)).toEqual(id);
  });

  it("refuse datagrams of two connections", () => {
    expect(() => requireFlight([initial(randomBytes(8)), initial(randomBytes(20))])).toThrow(
      expect.objectContaining({
        code: "ERR_QUICPIPE_PACKET_NOT_INITIAL",
        message: "packet 1 has another destination connection ID than packet 0",
      }),
    );
  });

  it("bound num by what the relay allows", () => {
    expect(requireNum(7, 7)).toBe(7);
    expect(() => requireNum(8, 7)).toThrow(expect.objectContaining({ code: "ERR_QUICPIPE_NUM_INVALID" }));
  });

  it("cut a lifetime that is too long, and fill in one that is absent", () => {
    expect(requireTtl(1e12, range)).toBe(60_000);
    expect(requireTtl(undefined, range)).toBe(30_000);
    expect(requireTtl(undefined, { ...range, defaultMs: 90_000 })).toBe(60_000);
    for (const value of [999, 1000.5, -1, Number.NaN, Infinity, "1000", null])
      expect(() => requireTtl(value, range)).toThrow(
        expect.objectContaining({ code: "ERR_QUICPIPE_TTL_INVALID" }),
      );
  });

  it("take a note of up to 512 bytes, or none", () => {
    expect(requireNote(undefined)).toBeNull();
    expect(requireNote("ä".repeat(256))).toHaveLength(256);
    expect(requireNote("")).toBe("");
    for (const value of ["ä".repeat(257), null, 1, "\udc00"])
      expect(() => requireNote(value)).toThrow(
        expect.objectContaining({ code: "ERR_QUICPIPE_NOTE_INVALID" }),
      );
  });
});
