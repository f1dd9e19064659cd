import { describe, expect, it } from "vitest";
import {
  type BindingRequest,
  encodeBindingRequest,
  minBindingRequestBytes,
  parseBindingReply,
} from "../../../src/wire/stun-binding.ts";
import {
  encodeStun,
  longTermKey,
  parseStun,
  stunAttribute,
  stunType,
  verifyIntegrity,
} from "../../../src/wire/stun.ts";
import { encodeErrorCode, encodeXorAddress, passwordAlgorithmSha256 } from "../../../src/wire/stun-values.ts";

const transactionId: Uint8Array = Buffer.from("0102030405060708090a0b0c", "hex");
const credential = { username: "reg_1", password: "s3cret" };
const challenge = {
  realm: "quicpipe",
  nonce: Buffer.from("obMatJos2gAAAnonce"),
  passwordAlgorithms: passwordAlgorithmSha256,
};
const request: BindingRequest = { transactionId, credential, challenge };
const key: Uint8Array = longTermKey("reg_1", "quicpipe", "s3cret");
const address = { address: "203.0.113.7", port: 4433 };

function reply(
  type: number,
  attributes: [number, Uint8Array][],
  signed = true,
  id = transactionId,
): Uint8Array {
  return encodeStun({ type, transactionId: id, attributes }, signed ? key : undefined);
}

function success(signed: boolean, id = transactionId): Uint8Array {
  return reply(
    stunType.success,
    [[stunAttribute.xorMappedAddress, encodeXorAddress(address, id)]],
    signed,
    id,
  );
}

describe("Binding requests", () => {
  it("are padded, so that no reply is longer", () => {
    expect(encodeBindingRequest({ transactionId }).length).toBeGreaterThanOrEqual(minBindingRequestBytes);
    expect(encodeBindingRequest({ transactionId, credential }).length).toBeGreaterThanOrEqual(
      minBindingRequestBytes,
    );
  });

  it("have no padding where they are long enough without", () => {
    const long = parseStun(
      encodeBindingRequest({ ...request, challenge: { ...challenge, nonce: Buffer.alloc(37, "n") } }),
    )!;
    expect(long.attributes.has(stunAttribute.padding)).toBe(false);
  });

  it("carry the username alone at first, then all that the challenge asks for", () => {
    const first = parseStun(encodeBindingRequest({ transactionId, credential }))!;
    expect([...first.attributes.keys()]).toEqual([stunAttribute.username, stunAttribute.padding]);
    const second = parseStun(encodeBindingRequest(request))!;
    expect([...second.attributes.keys()]).toEqual(
      expect.arrayContaining([
        stunAttribute.username,
        stunAttribute.realm,
        stunAttribute.nonce,
        stunAttribute.passwordAlgorithms,
        stunAttribute.passwordAlgorithm,
        stunAttribute.messageIntegritySha256,
      ]),
    );
    expect(verifyIntegrity(second, key)).toBe(true);
  });
});

describe("Binding replies", () => {
  it("give the address if the relay proves itself", () => {
    expect(parseBindingReply(success(true), request)).toEqual({ kind: "success", address });
  });

  it("are ignored without that proof, or for another transaction", () => {
    expect(parseBindingReply(success(false), request)).toBeUndefined();
    const otherId = Buffer.alloc(12, 9);
    expect(parseBindingReply(success(true, otherId), request)).toBeUndefined();
    expect(parseBindingReply(Buffer.from("no STUN"), request)).toBeUndefined();
    expect(parseBindingReply(encodeBindingRequest(request), request)).toBeUndefined();
  });

  it("need no proof where none was asked for", () => {
    expect(parseBindingReply(success(false), { transactionId })).toEqual({ kind: "success", address });
  });

  it("give the challenge of a 401 or 438", () => {
    for (const code of [401, 438]) {
      const bytes = reply(
        stunType.error,
        [
          [stunAttribute.errorCode, encodeErrorCode({ code, reason: "x" })],
          [stunAttribute.realm, Buffer.from("quicpipe")],
          [stunAttribute.nonce, challenge.nonce],
          [stunAttribute.passwordAlgorithms, passwordAlgorithmSha256],
        ],
        false,
      );
      const parsed = parseBindingReply(bytes, { transactionId, credential });
      expect(parsed).toMatchObject({ kind: "challenge", code, challenge: { realm: "quicpipe" } });
      // What comes back works in the next request.
      const next = parsed?.kind === "challenge" ? parsed.challenge : undefined;
      expect(encodeBindingRequest({ transactionId, credential, challenge: next })).toEqual(
        encodeBindingRequest(request),
      );
    }
  });

  it("give a challenge that outlives the datagram, whatever its buffer holds next", () => {
    const attributes: [number, Uint8Array][] = [
      [stunAttribute.errorCode, encodeErrorCode({ code: 401, reason: "x" })],
      [stunAttribute.realm, Buffer.from("quicpipe")],
      [stunAttribute.nonce, challenge.nonce],
      [stunAttribute.passwordAlgorithms, passwordAlgorithmSha256],
    ];
    // Node hands datagrams over as Buffers, whose `slice` makes a view.
    const datagram = Buffer.from(reply(stunType.error, attributes, false));
    const outcome = parseBindingReply(datagram, { transactionId, credential });
    datagram.fill(0);
    const { nonce, passwordAlgorithms } = challenge;
    expect(outcome).toMatchObject({
      challenge: { nonce: new Uint8Array(nonce), passwordAlgorithms: new Uint8Array(passwordAlgorithms) },
    });
  });

  it("give other errors as they are, and a challenge without its parts as an error", () => {
    for (const code of [400, 401]) {
      const bytes = reply(
        stunType.error,
        [[stunAttribute.errorCode, encodeErrorCode({ code, reason: "x" })]],
        false,
      );
      expect(parseBindingReply(bytes, request)).toEqual({ kind: "error", code, reason: "x" });
    }
    expect(parseBindingReply(reply(stunType.error, [], false), request)).toBeUndefined();
  });
});
