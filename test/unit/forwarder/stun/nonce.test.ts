import { describe, expect, it } from "vitest";
import { stunNonceMs } from "../../../../src/defaults/index.ts";
import { createNonceSigner, StunNonces } from "../../../../src/forwarder/stun/nonce.ts";

const nowMs = 1_700_000_000_000;
const source = { address: "192.0.2.1", port: 4433 };

function createNonces(): StunNonces {
  return new StunNonces(createNonceSigner());
}

describe("StunNonces", () => {
  it("begins with the nonce cookie and the bit for password algorithms (RFC 8489 §9.2)", () => {
    const nonce = Buffer.from(createNonces().make(source, nowMs)).toString();
    expect(nonce).toMatch(/^obMatJos2gAAA[\w-]{24}$/);
  });

  it("is valid for its life, and neither before nor after", () => {
    const nonces = createNonces();
    const nonce = nonces.make(source, nowMs);
    expect(nonces.madeAtMs(nonce, source, nowMs)).toBe(nowMs);
    expect(nonces.madeAtMs(nonce, source, nowMs + stunNonceMs - 1)).toBe(nowMs);
    expect(nonces.madeAtMs(nonce, source, nowMs + stunNonceMs)).toBeUndefined();
  });

  it("is newer than all before it, within a millisecond too", () => {
    const nonces = createNonces();
    const times = [nowMs, nowMs, nowMs + 1, nowMs + 1, nowMs + 2].map((atMs) =>
      nonces.madeAtMs(nonces.make(source, atMs), source, atMs)!,
    );
    expect(times).toEqual([...new Set(times)].toSorted((a, b) => a - b));
    expect(times.at(-1)).toBe(nowMs + 2);
  });

  it("is bound to the address and the port", () => {
    const nonces = createNonces();
    const nonce = nonces.make(source, nowMs);
    expect(nonces.madeAtMs(nonce, { ...source, port: 4434 }, nowMs)).toBeUndefined();
    expect(nonces.madeAtMs(nonce, { ...source, address: "192.0.2.2" }, nowMs)).toBeUndefined();
    expect(nonces.madeAtMs(nonce, { ...source, local: "203.0.113.1" }, nowMs)).toBeUndefined();
  });

  it("is no good to another relay, nor with any byte changed or cut off", () => {
    const nonces = createNonces();
    const nonce = nonces.make(source, nowMs);
    expect(createNonces().madeAtMs(nonce, source, nowMs)).toBeUndefined();
    for (let length = 0; length < nonce.length; length++)
      expect(nonces.madeAtMs(nonce.subarray(0, length), source, nowMs)).toBeUndefined();
    for (let at = 0; at < nonce.length; at++) {
      const changed = Buffer.from(nonce);
      changed.writeUInt8(changed[at] === 0x41 ? 0x42 : 0x41, at);
      expect(nonces.madeAtMs(changed, source, nowMs), `byte ${at}`).toBeUndefined();
    }
  });
});
