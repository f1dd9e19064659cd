import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  encodeStun,
  isStun,
  longTermKey,
  parseStun,
  stunAttribute,
  stunType,
  verifyIntegrity,
} from "../../../src/wire/stun.ts";
import {
  encodeErrorCode,
  encodeXorAddress,
  parseErrorCode,
  parseXorAddress,
} from "../../../src/wire/stun-values.ts";
import { withFingerprint } from "./fingerprint.ts";

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ""), "hex");

/** RFC 5769 §2.2: a response with an IPv4 address; its integrity is of the older, SHA-1 kind. */
const ipv4Response: Buffer = hex(`
  0101003c 2112a442 b7e7a701bc34d686fa87dfae
  8022000b 7465737420766563746f7220
  00200008 0001a147e112a643
  00080014 2b91f599fd9e90c38c7489f92af9ba53f06be7d7
  80280004 c07d4c96`);

/** RFC 8489 §B.1 with erratum 6268: a request with a long-term credential and MESSAGE-INTEGRITY-SHA256. */
const longTermRequest: Buffer = hex(`
  00010090 2112a442 78ad3433c6ad72c029da412e
  001e0020 4a3cf38fef6992bda952c6780417da0f24819415569e60b205c46e41407f1704
  00150029 6f624d61744a6f733241414143662f2f3439396b39353464364f4c33346f4c394653547679363473 41000000
  0014000b 6578616d706c652e6f726700
  001d0004 00020000
  001c0020 b5c7bf005b6c52a21c51c5e892f81924136296cb927c43149309278cc6518e65`);

const transactionId: Buffer = hex("b7e7a701bc34d686fa87dfae");

describe("the STUN codec", () => {
  it("reads the IPv4 response of RFC 5769 §2.2, fingerprint included", () => {
    const message = parseStun(ipv4Response)!;
    expect(message.type).toBe(stunType.success);
    expect(Buffer.from(message.transactionId)).toEqual(transactionId);
    const value = message.attributes.get(stunAttribute.xorMappedAddress)!;
    expect(parseXorAddress(value, transactionId)).toEqual({ address: "192.0.2.1", port: 32_853 });
  });

  it("refuses a wrong fingerprint, and one that is not the last attribute", () => {
    const wrong = Buffer.from(ipv4Response);
    wrong[wrong.length - 1]! ^= 1;
    expect(parseStun(wrong)).toBeUndefined();
    const moved = Buffer.concat([ipv4Response, hex("80220000")]);
    moved.writeUInt16BE(moved.length - 20, 2);
    expect(parseStun(moved)).toBeUndefined();
  });

  it("reads the IPv6 address of RFC 5769 §2.3 and writes both", () => {
    const ipv6 = { address: "2001:db8:1234:5678:11:2233:4455:6677", port: 32_853 };
    const value = hex("0002a147 0113a9faa5d3f179bc25f4b5bed2b9d9");
    expect(parseXorAddress(value, transactionId)).toEqual(ipv6);
    expect(Buffer.from(encodeXorAddress(ipv6, transactionId))).toEqual(value);
    const ipv4 = { address: "192.0.2.1", port: 32_853 };
    expect(Buffer.from(encodeXorAddress(ipv4, transactionId))).toEqual(hex("0001a147e112a643"));
  });

  it("verifies the MESSAGE-INTEGRITY-SHA256 of RFC 8489 §B.1", () => {
    const message = parseStun(longTermRequest)!;
    const key = longTermKey("マトリックス", "example.org", "TheMatrIX");
    expect(verifyIntegrity(message, key)).toBe(true);
    expect(verifyIntegrity(message, longTermKey("マトリックス", "example.org", "TheMatrix"))).toBe(false);
  });

  it("refuses integrity over any changed bit, and a truncated one", () => {
    const key = longTermKey("マトリックス", "example.org", "TheMatrIX");
    for (const at of [8, 25, 70, longTermRequest.length - 1]) {
      const changed = Buffer.from(longTermRequest);
      changed[at]! ^= 1;
      expect(verifyIntegrity(parseStun(changed)!, key), `byte ${at}`).toBe(false);
    }
    const truncated = Buffer.from(longTermRequest.subarray(0, -16));
    truncated.writeUInt16BE(truncated.length - 20, 2);
    truncated.writeUInt16BE(16, truncated.length - 18);
    expect(verifyIntegrity(parseStun(truncated)!, key)).toBe(false);
  });

  it("omits attributes after the integrity, as nothing protects them", () => {
    const attributes = new Map([[stunAttribute.username, Buffer.from("a")]]);
    const signed = encodeStun({ type: stunType.request, transactionId, attributes }, Buffer.from("k"));
    const extended = Buffer.concat([signed, hex("00140004 61616161")]);
    extended.writeUInt16BE(extended.length - 20, 2);
    const message = parseStun(extended)!;
    expect([...message.attributes.keys()]).toEqual([
      stunAttribute.username,
      stunAttribute.messageIntegritySha256,
    ]);
    expect(verifyIntegrity(message, Buffer.from("k"))).toBe(true);
  });

  it("takes the first of repeated attributes", () => {
    const attributes = ["one", "two"].map((text) => [stunAttribute.realm, Buffer.from(text)] as const);
    const message = parseStun(encodeStun({ type: stunType.request, transactionId, attributes }))!;
    expect(Buffer.from(message.attributes.get(stunAttribute.realm)!).toString()).toBe("one");
  });

  it("refuses an attribute that is cut short", () => {
    expect(parseStun(hex("00010004 2112a442 b7e7a701bc34d686fa87dfae 00060001"))).toBeUndefined();
  });

  it("writes and reads error codes", () => {
    expect(Buffer.from(encodeErrorCode({ code: 438, reason: "Stale Nonce" }))).toEqual(
      Buffer.concat([hex("00000426"), Buffer.from("Stale Nonce")]),
    );
    expect(parseErrorCode(encodeErrorCode({ code: 401, reason: "no" }))).toEqual({ code: 401, reason: "no" });
    expect(parseErrorCode(hex("000004"))).toBeUndefined();
  });

  it.each(["", "0001a147", "0003a147e112a643", "0001a147e112a64300", "0002a147e112a643"])(
    "refuses %j as an XOR address",
    (valueHex) => {
      expect(parseXorAddress(hex(valueHex), transactionId)).toBeUndefined();
    },
  );

  it("reads back any message that it writes", () => {
    const attribute = fc.tuple(fc.integer({ min: 0x30, max: 0x7fff }), fc.uint8Array({ maxLength: 40 }));
    const attributes = fc.uniqueArray(attribute, { selector: ([type]) => type, maxLength: 6 });
    const key = fc.option(fc.uint8Array({ minLength: 1, maxLength: 32 }), { nil: undefined });
    fc.assert(
      fc.property(attributes, key, fc.boolean(), (list, signingKey, hasFingerprint) => {
        const bytes = encodeStun({ type: stunType.request, transactionId, attributes: list }, signingKey);
        const message = parseStun(hasFingerprint ? withFingerprint(bytes) : bytes)!;
        const read = [...message.attributes].filter(
          ([type]) => type !== stunAttribute.messageIntegritySha256,
        );
        expect(read.map(([type, value]) => [type, [...value]])).toEqual(
          list.map(([type, value]) => [type, [...value]]),
        );
        if (signingKey) expect(verifyIntegrity(message, signingKey)).toBe(true);
      }),
    );
  });

  it("never throws on any bytes, framed as STUN or not", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), fc.boolean(), (bytes, framed) => {
        const body = bytes.subarray(0, bytes.length & ~3);
        const header = hex("00010000 2112a442 b7e7a701bc34d686fa87dfae");
        header.writeUInt16BE(body.length, 2);
        const datagram = framed ? Buffer.concat([header, body]) : bytes;
        const message = parseStun(datagram);
        if (message) verifyIntegrity(message, Buffer.from("key"));
        if (framed) expect(isStun(datagram)).toBe(true);
      }),
    );
  });
});
