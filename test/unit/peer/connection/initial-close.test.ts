import { createCipheriv, createDecipheriv } from "node:crypto";
import { describe, expect, it } from "vitest";
import { clientInitialKeys, encodeInitialClose } from "../../../../src/peer/connection/initial-close.ts";
import { parseFirstFlight, parseLongHeader } from "../../../../src/wire/quic-packet.ts";

const close = {
  originalDestinationId: Buffer.from("8394c8f03e515708", "hex"),
  destinationId: Buffer.alloc(12, 2),
  sourceId: Buffer.alloc(12, 1),
  errorCode: 0x12a,
  reason: "no",
};

describe("an Initial packet that closes", () => {
  it("uses the keys of RFC 9001, appendix A.1", () => {
    const { key, iv, headerKey } = clientInitialKeys(close.originalDestinationId);
    expect(key.toString("hex")).toBe("1f369613dd76d5467730efcbe3b1a22d");
    expect(iv.toString("hex")).toBe("fa044b2f42a3fd3b46fb255c");
    expect(headerKey.toString("hex")).toBe("9f50449e04a0e810283a1e9933adedd2");
  });

  it("is one whole datagram of 1200 bytes under the connection IDs that were given", () => {
    const packet = encodeInitialClose(close);
    expect(packet).toHaveLength(1200);
    expect(parseFirstFlight(packet)).toMatchObject({ hasInitial: true });
    const header = parseLongHeader(packet)!;
    expect(Buffer.from(header.destinationId).equals(close.destinationId)).toBe(true);
    expect(Buffer.from(header.sourceId).equals(close.sourceId)).toBe(true);
  });

  it("holds CONNECTION_CLOSE with the code and the reason, and padding", () => {
    const packet = Buffer.from(encodeInitialClose(close));
    const { key, iv, headerKey } = clientInitialKeys(close.originalDestinationId);
    const at = parseLongHeader(packet)!.end + 3;
    const mask = createCipheriv("aes-128-ecb", headerKey, null).update(packet.subarray(at + 4, at + 20));
    packet[0]! ^= mask[0]! & 0x0f;
    packet[at]! ^= mask[1]!;
    // An Initial with a packet number of one byte.
    expect(packet[0]).toBe(0xc0);
    iv[11]! ^= packet[at]!;
    const decipher = createDecipheriv("aes-128-gcm", key, iv)
      .setAAD(packet.subarray(0, at + 1))
      .setAuthTag(packet.subarray(-16));
    const frames = Buffer.concat([decipher.update(packet.subarray(at + 1, -16)), decipher.final()]);
    expect(frames.toString("hex", 0, 7)).toBe("1c412a00026e6f");
    expect(frames.subarray(7).every((byte) => byte === 0)).toBe(true);
  });
});
