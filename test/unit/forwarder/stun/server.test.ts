import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stunNonceMs, stunPublicAmplification } from "../../../../src/defaults/index.ts";
import type {
  StunPolicy,
  StunProof,
  StunRegistration,
  StunVerdict,
} from "../../../../src/forwarder/contract.ts";
import { createNonceSigner, StunNonces } from "../../../../src/forwarder/stun/nonce.ts";
import { type StunAnswer, stunRealm, StunServer } from "../../../../src/forwarder/stun/server.ts";
import type { Address } from "../../../../src/wire/address.ts";
import {
  type BindingReply,
  type BindingRequest,
  encodeBindingRequest,
  parseBindingReply,
  type StunChallenge,
} from "../../../../src/wire/stun-binding.ts";
import {
  encodeStun,
  longTermKey,
  parseStun,
  stunAttribute,
  stunType,
  verifyIntegrity,
} from "../../../../src/wire/stun.ts";
import { parseErrorCode, passwordAlgorithmSha256 } from "../../../../src/wire/stun-values.ts";
import { withFingerprint } from "../../wire/fingerprint.ts";

const nowMs = 1_700_000_000_000;
const home: Address = { address: "192.0.2.1", port: 4433 };
const away: Address = { address: "2001:db8::9", port: 1024 };
const transactionId: Uint8Array = Buffer.from("0102030405060708090a0b0c", "hex");
const credential = { username: "reg_1", password: "s3cret" };
const key: Uint8Array = longTermKey("reg_1", stunRealm, "s3cret");

interface Rig {
  readonly server: StunServer;
  readonly moves: Address[];
  ask(request: BindingRequest, source: Address, atMs?: number): { answer: StunAnswer; reply?: BindingReply };
  challenge(source: Address, atMs?: number): StunChallenge;
}

function createRig(policy: StunPolicy = "registered", verdict: StunVerdict = "accepted"): Rig {
  const moves: Address[] = [];
  const registration: StunRegistration = {
    secret: "s3cret",
    proven({ address }) {
      if (verdict === "accepted") moves.push(address);
      return verdict;
    },
  };
  const server = new StunServer({
    authority: {
      stunRegistration: (id) => (id === "reg_1" ? registration : undefined),
    },
    policy,
    nonces: new StunNonces(createNonceSigner()),
  });
  const ask: Rig["ask"] = (request, source, atMs = nowMs) => {
    const answer = server.answer(encodeBindingRequest(request), source, atMs);
    return { answer, reply: answer.reply && parseBindingReply(answer.reply, request) };
  };
  const challenge: Rig["challenge"] = (source, atMs) => {
    const { reply } = ask({ transactionId, credential }, source, atMs);
    if (reply?.kind !== "challenge") throw new TypeError("no challenge");
    return reply.challenge;
  };
  return { server, moves, ask, challenge };
}

/** An authenticated request with any attributes. */
function signed(attributes: [number, Uint8Array][], signingKey = key): Uint8Array {
  return encodeStun({ type: stunType.request, transactionId, attributes }, signingKey);
}

function authenticated(nonce: Uint8Array): [number, Uint8Array][] {
  return [
    [stunAttribute.username, Buffer.from("reg_1")],
    [stunAttribute.realm, Buffer.from(stunRealm)],
    [stunAttribute.nonce, nonce],
    [stunAttribute.passwordAlgorithms, passwordAlgorithmSha256],
    [stunAttribute.passwordAlgorithm, passwordAlgorithmSha256],
  ];
}

function errorOf(answer: StunAnswer): number | undefined {
  const value = answer.reply && parseStun(answer.reply)?.attributes.get(stunAttribute.errorCode);
  return value && parseErrorCode(value)?.code;
}

describe("a Binding request of a registration", () => {
  it("is challenged at first, and then moves the registration to where it comes from", () => {
    const rig = createRig();
    for (const source of [home, away]) {
      const first = rig.ask({ transactionId, credential }, source);
      expect([first.answer.outcome, errorOf(first.answer)]).toEqual(["challenged", 401]);
      const second = rig.ask({ transactionId, credential, challenge: rig.challenge(source) }, source);
      expect(second.answer.outcome).toBe("answered");
      expect(second.reply).toEqual({ kind: "success", address: source });
    }
    expect(rig.moves).toEqual([home, away]);
  });

  it("moves nothing when it is captured and replayed from another address", () => {
    const rig = createRig();
    const captured = encodeBindingRequest({ transactionId, credential, challenge: rig.challenge(home) });
    expect(rig.server.answer(captured, home, nowMs).outcome).toBe("answered");
    for (const thief of [away, { ...home, port: home.port + 1 }]) {
      const answer = rig.server.answer(captured, thief, nowMs);
      expect([answer.outcome, errorOf(answer)]).toEqual(["challenged", 438]);
    }
    expect(rig.moves).toEqual([home]);
  });

  it("is challenged again with 438 when the nonce is stale", () => {
    const rig = createRig();
    const challenge = rig.challenge(home);
    const { answer, reply } = rig.ask({ transactionId, credential, challenge }, home, nowMs + stunNonceMs);
    expect([answer.outcome, errorOf(answer)]).toEqual(["challenged", 438]);
    expect(reply).toMatchObject({ kind: "challenge", code: 438 });
    expect(rig.moves).toEqual([]);
  });

  it("is rejected with 401 for a wrong secret or an unknown id, alike", () => {
    const rig = createRig();
    const challenge = rig.challenge(home);
    for (const wrong of [
      { username: "reg_1", password: "wrong" },
      { username: "reg_2", password: "s3cret" },
      { username: "reg_2", password: "" },
    ]) {
      const { answer } = rig.ask({ transactionId, credential: wrong, challenge }, home);
      expect([answer.outcome, errorOf(answer)]).toEqual(["rejected", 401]);
    }
    expect(rig.moves).toEqual([]);
  });

  it.each([stunAttribute.username, stunAttribute.realm, stunAttribute.nonce])(
    "is rejected with 400 without attribute %i",
    (missing) => {
      const rig = createRig();
      const attributes = authenticated(rig.challenge(home).nonce).filter(([type]) => type !== missing);
      const answer = rig.server.answer(signed(attributes), home, nowMs);
      expect([answer.outcome, errorOf(answer)]).toEqual(["rejected", 400]);
    },
  );

  it.each([stunAttribute.passwordAlgorithm, stunAttribute.passwordAlgorithms])(
    "is rejected with 400 if attribute %i is missing or not what was offered",
    (type) => {
      const rig = createRig();
      const all = authenticated(rig.challenge(home).nonce);
      const missing = all.filter(([other]) => other !== type);
      const weaker = [...missing, [type, Uint8Array.of(0, 1, 0, 0)] as [number, Uint8Array]];
      for (const attributes of [missing, weaker])
        expect(errorOf(rig.server.answer(signed(attributes), home, nowMs))).toBe(400);
      expect(rig.moves).toEqual([]);
    },
  );

  it("is rejected with 420, signed, for an attribute that has to be understood and is not", () => {
    const rig = createRig();
    const attributes = authenticated(rig.challenge(home).nonce);
    attributes.push([0x7ffe, Uint8Array.of(1)], [0x0026, Uint8Array.of(2)]);
    const answer = rig.server.answer(signed(attributes), home, nowMs);
    expect([answer.outcome, errorOf(answer)]).toEqual(["rejected", 420]);
    const reply = parseStun(answer.reply!)!;
    expect(verifyIntegrity(reply, key)).toBe(true);
    expect([...reply.attributes.get(stunAttribute.unknownAttributes)!]).toEqual([0x7f, 0xfe, 0x00, 0x26]);
    expect(rig.moves).toEqual([]);
  });

  it("tells the registry when its nonce was made, and which transaction it is", () => {
    const proofs: StunProof[] = [];
    const proven = (proof: StunProof): StunVerdict => (proofs.push(proof), "accepted");
    const nonces = new StunNonces(createNonceSigner());
    const server = new StunServer({
      authority: { stunRegistration: () => ({ secret: "s3cret", proven }) },
      policy: "registered",
      nonces,
    });
    for (const atMs of [nowMs, nowMs + 7]) {
      const first = { transactionId, credential };
      const answer = server.answer(encodeBindingRequest(first), home, atMs);
      const reply = parseBindingReply(answer.reply!, first);
      if (reply?.kind !== "challenge") return expect.unreachable("no challenge");
      const second = { ...first, challenge: reply.challenge };
      server.answer(encodeBindingRequest(second), home, nowMs + 1000);
    }
    const latin1 = Buffer.from(transactionId).toString("latin1");
    expect(proofs).toEqual([
      { address: home, madeAtMs: nowMs, transactionId: latin1 },
      { address: home, madeAtMs: nowMs + 7, transactionId: latin1 },
    ]);
  });

  it("is answered without a word to the registry if it asks for no move", () => {
    const rig = createRig();
    const { answer, reply } = rig.ask(
      { transactionId, credential, challenge: rig.challenge(away), keepsAddress: true },
      away,
    );
    expect([answer.outcome, reply]).toEqual(["unmoved", { kind: "success", address: away }]);
    expect(rig.moves).toEqual([]);
  });

  it("asks for no move only under its integrity", () => {
    const rig = createRig();
    const request = encodeBindingRequest({ transactionId, credential, challenge: rig.challenge(home) });
    const keep = Buffer.from([stunAttribute.keepAddress >> 8, stunAttribute.keepAddress & 0xff, 0, 0]);
    const longer = Buffer.concat([request, keep]);
    longer.writeUInt16BE(longer.length - 20, 2);
    expect(rig.server.answer(longer, home, nowMs).outcome).toBe("answered");
    expect(rig.moves).toEqual([home]);
  });

  it("is answered again if it is a repeated one, and challenged with 438 if it is outdated", () => {
    const repeated = createRig("registered", "repeated");
    const again = repeated.ask({ transactionId, credential, challenge: repeated.challenge(home) }, home);
    expect([again.answer.outcome, again.reply]).toEqual(["repeated", { kind: "success", address: home }]);
    const outdated = createRig("registered", "outdated");
    const old = outdated.ask({ transactionId, credential, challenge: outdated.challenge(home) }, home);
    expect([old.answer.outcome, errorOf(old.answer)]).toEqual(["outdated", 438]);
  });

  it("is rejected with 403, signed, if the registry refuses the address", () => {
    const rig = createRig("registered", "refused");
    const challenge = rig.challenge(home);
    const { answer } = rig.ask({ transactionId, credential, challenge }, home);
    expect([answer.outcome, errorOf(answer)]).toEqual(["rejected", 403]);
    expect(verifyIntegrity(parseStun(answer.reply!)!, key)).toBe(true);
  });
});

describe("a Binding request without credentials", () => {
  it("is ignored by default", () => {
    expect(createRig().ask({ transactionId }, home).answer).toEqual({ outcome: "anonymous" });
  });

  it("is answered where STUN is public", () => {
    const { answer, reply } = createRig("public").ask({ transactionId }, away);
    expect(answer.outcome).toBe("answered");
    expect(reply).toEqual({ kind: "success", address: away });
  });

  it("is rejected with 420 for an unknown attribute, where STUN is public", () => {
    // A CHANGE-REQUEST (RFC 5780), as such clients send it.
    const attributes: [number, Uint8Array][] = [[0x0003, new Uint8Array(4)]];
    const request = encodeStun({ type: stunType.request, transactionId, attributes });
    const answer = createRig("public").server.answer(request, home, nowMs);
    expect([answer.outcome, errorOf(answer)]).toEqual(["rejected", 420]);
  });
});

describe("the STUN server", () => {
  it("ignores what is no Binding request", () => {
    const { server } = createRig("public");
    for (const type of [stunType.indication, stunType.success, stunType.error, 0x0003]) {
      const message = encodeStun({ type, transactionId, attributes: [] });
      expect(server.answer(message, home, nowMs)).toEqual({ outcome: "malformed" });
    }
    expect(server.answer(Buffer.from("garbage"), home, nowMs)).toEqual({ outcome: "malformed" });
  });

  it("ignores a request that is shorter than its reply", () => {
    const attributes: [number, Uint8Array][] = [[stunAttribute.username, Buffer.from("reg_1")]];
    const named = encodeStun({ type: stunType.request, transactionId, attributes });
    expect(createRig().server.answer(named, home, nowMs)).toEqual({ outcome: "too-short" });
  });

  it("answers standard clients where it is public, but for 2.2 times of what they sent", () => {
    const bare = { type: stunType.request, transactionId, attributes: [] };
    const sizes = [home, away].flatMap((source) =>
      [encodeStun(bare), withFingerprint(encodeStun(bare))].map((request) => {
        return [request.length, createRig("public").server.answer(request, source, nowMs).reply?.length];
      }),
    );
    expect(sizes).toEqual([
      [20, 32],
      [28, 32],
      [20, undefined],
      [28, 44],
    ]);
  });

  it("never replies with more than it got, or 1.7 times that where it is public, and never throws", () => {
    const type = fc.constantFrom(...Object.values(stunAttribute), 0x7ffe, 0xfffe);
    const attributes = fc.array(fc.tuple(type, fc.uint8Array({ maxLength: 48 })), { maxLength: 8 });
    fc.assert(
      fc.property(attributes, fc.boolean(), fc.nat(), (list, isSigned, atMs) => {
        const request = encodeStun(
          { type: stunType.request, transactionId, attributes: list },
          isSigned ? key : undefined,
        );
        for (const policy of ["registered", "public"] as const) {
          const { reply } = createRig(policy).server.answer(request, away, atMs);
          const most = policy === "public" && !isSigned ? stunPublicAmplification : 1;
          expect(reply?.length ?? 0).toBeLessThanOrEqual(most * request.length);
        }
      }),
      { numRuns: 200 },
    );
  });
});
