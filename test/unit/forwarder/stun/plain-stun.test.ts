import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { maxStunBytes, stunRepliesPerSecond } from "../../../../src/defaults/index.ts";
import { stunBurstOfKind } from "../../../../src/forwarder/stun/payer.ts";
import { PlainStun } from "../../../../src/forwarder/stun/plain-stun.ts";
import { encodeBindingRequest, parseBindingReply } from "../../../../src/wire/stun-binding.ts";
import { encodeStun, stunAttribute, stunType } from "../../../../src/wire/stun.ts";

const client = { address: "203.0.113.7", port: 4433 };
const client6 = { address: "2001:db8::7", port: 4433 };
const transactionId: Uint8Array = randomBytes(12);

function request(): Uint8Array {
  return encodeBindingRequest({ transactionId: randomBytes(12) });
}

/** A message with padding, so that its length is no reason to withhold the answer. */
function message(type: number, paddingBytes: number, ...attributes: [number, Uint8Array][]): Uint8Array {
  const padding = [stunAttribute.padding, new Uint8Array(paddingBytes)] as const;
  return encodeStun({ type, transactionId, attributes: new Map([...attributes, padding]) });
}

/** The counters that are not 0. */
function counted({ counts }: PlainStun): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
}

describe("PlainStun", () => {
  it.each([client, client6])("tells a client its address: $address", (source) => {
    const stun = new PlainStun(0);
    const answer = stun.answer(encodeBindingRequest({ transactionId }), source, 0)!;
    expect(parseBindingReply(answer, { transactionId })).toEqual({ kind: "success", address: source });
    expect(counted(stun)).toEqual({ answered: 1 });
  });

  it.each([
    [client, 32],
    [client6, 44],
  ])("answers no request of %o that is shorter than the answer, of %i bytes", (source, answerBytes) => {
    const stun = new PlainStun(0);
    const padding = answerBytes - 20 - 4;
    expect(stun.answer(message(stunType.request, padding - 4), source, 0)).toBeUndefined();
    expect(stun.answer(message(stunType.request, padding), source, 0)).toHaveLength(answerBytes);
    expect(counted(stun)).toEqual({ "too-short": 1, answered: 1 });
  });

  it("answers nothing but plain Binding requests", () => {
    const stun = new PlainStun(0);
    const others = [
      Buffer.from("anybody there?"),
      new Uint8Array(),
      message(stunType.indication, 40),
      message(stunType.success, 40),
      message(stunType.request, maxStunBytes),
      message(stunType.request, 40, [stunAttribute.username, Buffer.from("reg_1")]),
      message(stunType.request, 40, [stunAttribute.keepAddress, new Uint8Array()]),
    ];
    expect(others.map((datagram) => stun.answer(datagram, client, 0))).toEqual(others.map(() => undefined));
    expect(counted(stun)).toEqual({ malformed: others.length });
  });

  it("answers a source 20 times a second, whatever its ports, and others meanwhile", () => {
    const stun = new PlainStun(0);
    const answers = Array.from({ length: stunRepliesPerSecond + 1 }, (_, index) =>
      stun.answer(request(), { ...client, port: 1024 + index }, 0),
    );
    expect(answers.map((answer) => answer !== undefined)).toEqual(
      answers.map((_, index) => index < stunRepliesPerSecond),
    );
    expect(stun.answer(request(), { ...client, address: "203.0.113.8" }, 0)).toBeDefined();
    expect(counted(stun)).toEqual({ answered: stunRepliesPerSecond + 1, "rate-limited": 1 });
    expect(stun.answer(request(), client, 1000)).toBeDefined();
  });

  it("takes an IPv6 /64 for one source", () => {
    const stun = new PlainStun(0);
    for (let host = 0; host <= stunRepliesPerSecond; host++)
      stun.answer(request(), { address: `2001:db8::${host.toString(16)}`, port: 4433 }, 0);
    expect(counted(stun)).toEqual({ answered: stunRepliesPerSecond, "rate-limited": 1 });
  });

  it("answers all sources together no more often than their share", () => {
    const stun = new PlainStun(0);
    for (let host = 0; host <= stunBurstOfKind; host++)
      stun.answer(request(), { address: `203.0.113.${host}`, port: 4433 }, 0);
    expect(counted(stun)).toEqual({ answered: stunBurstOfKind, flooded: 1 });
  });

  it("has what is no request paid for as well", () => {
    const stun = new PlainStun(0);
    for (let sent = 0; sent <= stunRepliesPerSecond; sent++) stun.answer(Buffer.from("x"), client, 0);
    expect(counted(stun)).toEqual({ malformed: stunRepliesPerSecond, "rate-limited": 1 });
  });
});
