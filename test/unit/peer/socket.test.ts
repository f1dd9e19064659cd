import { describe, expect, it } from "vitest";
import { connectionKey } from "../../../src/peer/socket.ts";

describe("the key of a datagram", () => {
  const id = Buffer.from("0102030405060708090a0b0c", "hex");
  const key = id.toString("latin1");

  it("is the destination connection ID: 12 bytes in a short header, as many as it says in a long one", () => {
    expect(connectionKey(Buffer.concat([Uint8Array.of(0x40), id, Buffer.alloc(20)]))).toBe(key);
    const long = (length: number): Buffer =>
      Buffer.concat([Uint8Array.of(0xc0, 0, 0, 0, 1, length), id.subarray(0, length), Buffer.alloc(30)]);
    expect(connectionKey(long(12))).toBe(key);
    expect(connectionKey(long(8))).toBe(key.slice(0, 8));
    expect(connectionKey(long(0))).toBe("");
  });

  it("is none where a long header is cut short", () => {
    expect(connectionKey(Buffer.from([0xc0, 0, 0, 0, 1, 12, 1, 2]))).toBeUndefined();
    expect(connectionKey(Buffer.from([0x80]))).toBeUndefined();
  });
});
