import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  encodeCheck,
  encodeCheckAnswer,
  parseCheck,
  parseCheckAnswer,
  tagLength,
  useCandidate,
  verifyCheck,
} from "../../../src/wire/stun-check.ts";
import { encodeStun, isStun, stunAttribute, stunType } from "../../../src/wire/stun.ts";
import { encodeXorAddress } from "../../../src/wire/stun-values.ts";
import { withFingerprint } from "./fingerprint.ts";

const transactionId: Uint8Array = Buffer.from("0102030405060708090a0b0c", "hex");
const secret: Uint8Array = Buffer.alloc(32, 7);
const otherSecret: Uint8Array = Buffer.alloc(32, 8);
const check = { transactionId, receiverTag: "receiv-1", senderTag: "sender_2", isNominated: false, secret };
const ipv4 = { address: "203.0.113.7", port: 4433 };
const ipv6 = { address: "2001:db8::7", port: 51_820 };

type Attribute = readonly [number, Uint8Array];
const username: Attribute = [stunAttribute.username, Buffer.from("receiv-1:sender_2")];

function request(attributes: readonly Attribute[], type: number = stunType.request): Uint8Array {
  return withFingerprint(encodeStun({ type, transactionId, attributes }, secret));
}

function answer(attributes: readonly Attribute[]): Uint8Array {
  return request(attributes, stunType.success);
}

const mapped: Attribute = [stunAttribute.xorMappedAddress, encodeXorAddress(ipv4, transactionId)];

describe("a check", () => {
  it.each([false, true])("comes back as it was written, nominated: %s", (isNominated) => {
    const parsed = parseCheck(encodeCheck({ ...check, isNominated }))!;
    const { receiverTag, senderTag } = check;
    expect(parsed).toMatchObject({ receiverTag, senderTag, isNominated });
    expect(Buffer.from(parsed.transactionId)).toEqual(transactionId);
    expect(verifyCheck(parsed, secret)).toBe(true);
  });

  it("has the receiver's tag at a fixed place, and a standard fingerprint", () => {
    const datagram = Buffer.from(encodeCheck({ ...check, isNominated: true }));
    expect(isStun(datagram)).toBe(true);
    expect(datagram.readUInt16BE(20)).toBe(stunAttribute.username);
    expect(datagram.toString("latin1", 24, 24 + tagLength)).toBe(check.receiverTag);
    const empty: Attribute = [useCandidate, new Uint8Array()];
    expect(datagram).toEqual(request([username, empty]));
  });

  it("is verified by the receiver's secret alone", () => {
    expect(verifyCheck(parseCheck(encodeCheck(check))!, otherSecret)).toBe(false);
  });

  it("is refused without integrity or without a fingerprint", () => {
    const bare = { type: stunType.request, transactionId, attributes: [username] };
    expect(parseCheck(encodeStun(bare, secret))).toBeUndefined();
    expect(parseCheck(withFingerprint(encodeStun(bare)))).toBeUndefined();
  });

  it("is refused if another attribute comes before the tags", () => {
    const padding: Attribute = [stunAttribute.padding, new Uint8Array(4)];
    expect(parseCheck(request([username, padding]))).toBeDefined();
    expect(parseCheck(request([padding, username]))).toBeUndefined();
    expect(parseCheck(request([padding]))).toBeUndefined();
  });

  it.each([stunAttribute.keepAddress, stunAttribute.nonce, 0x0026, 0x7fff])(
    "is refused with attribute %i, which its receiver would have to understand",
    (type) => {
      expect(parseCheck(request([username, [type, new Uint8Array()]]))).toBeUndefined();
    },
  );

  it("is read with an attribute that its receiver need not understand", () => {
    expect(parseCheck(request([username, [0x8029, new Uint8Array(8)]]))).toBeDefined();
  });

  it.each([
    "",
    "receiv-1",
    "receiv-1:sender_",
    "receiv-1:sender_23",
    "receiv+1:sender_2",
    "receiv-1 sender_2",
  ])("is refused with the tags %j", (tags) => {
    expect(parseCheck(request([[stunAttribute.username, Buffer.from(tags)]]))).toBeUndefined();
  });

  it("is refused with any other type of message", () => {
    for (const type of [stunType.indication, stunType.success, stunType.error, 0x0003])
      expect(parseCheck(request([username], type))).toBeUndefined();
  });

  it("is never one if a bit of it is changed and it is verified", () => {
    const datagram = encodeCheck({ ...check, isNominated: true });
    fc.assert(
      fc.property(fc.nat(8 * datagram.length - 1), (bit) => {
        const changed = Buffer.from(datagram);
        changed[bit >> 3]! ^= 1 << (bit & 7);
        const parsed = parseCheck(changed);
        expect(parsed !== undefined && verifyCheck(parsed, secret)).toBe(false);
      }),
    );
  });

  it("is read from any bytes without an exception, and from every length of its own", () => {
    const datagram = encodeCheck(check);
    for (let end = 0; end < datagram.length; end++)
      expect(parseCheck(datagram.subarray(0, end))).toBeUndefined();
    const header = Buffer.from("000100002112a442000000000000000000000000", "hex");
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 96 }), (tail) => {
        const bytes = Buffer.concat([header, tail.subarray(0, tail.length & ~3)]);
        bytes.writeUInt16BE(bytes.length - 20, 2);
        expect(parseCheck(bytes)).toBeUndefined();
        expect(parseCheckAnswer(bytes, check)).toBeUndefined();
      }),
    );
  });
});

describe("the answer to a check", () => {
  it.each([ipv4, ipv6])("tells $address", (address) => {
    const datagram = encodeCheckAnswer({ transactionId, address, secret });
    expect(parseCheckAnswer(datagram, check)).toEqual(address);
  });

  it("is no longer than its request", () => {
    const longest = encodeCheckAnswer({ transactionId, address: ipv6, secret });
    expect(longest.length).toBeLessThanOrEqual(encodeCheck(check).length);
  });

  it("counts for its own transaction and secret alone", () => {
    const datagram = encodeCheckAnswer({ transactionId, address: ipv4, secret });
    expect(parseCheckAnswer(datagram, { transactionId, secret: otherSecret })).toBeUndefined();
    expect(parseCheckAnswer(datagram, { transactionId: Buffer.alloc(12), secret })).toBeUndefined();
  });

  it("has an IPv4-mapped address as plain IPv4", () => {
    const bytes = encodeXorAddress({ address: "::ffff:203.0.113.7", port: 4433 }, transactionId);
    expect(parseCheckAnswer(answer([[stunAttribute.xorMappedAddress, bytes]]), check)).toEqual(ipv4);
  });

  it("is refused without integrity, fingerprint or address, and with what it must understand", () => {
    const bare = { type: stunType.success, transactionId, attributes: [mapped] };
    expect(parseCheckAnswer(answer([mapped]), check)).toEqual(ipv4);
    expect(parseCheckAnswer(encodeStun(bare, secret), check)).toBeUndefined();
    expect(parseCheckAnswer(withFingerprint(encodeStun(bare)), check)).toBeUndefined();
    expect(parseCheckAnswer(answer([]), check)).toBeUndefined();
    expect(parseCheckAnswer(answer([mapped, username]), check)).toBeUndefined();
    expect(
      parseCheckAnswer(answer([[stunAttribute.xorMappedAddress, Buffer.alloc(5)]]), check),
    ).toBeUndefined();
    expect(parseCheckAnswer(request([mapped]), check)).toBeUndefined();
  });
});
