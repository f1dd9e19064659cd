import { describe, expect, it } from "vitest";
import type { CertificateCheck } from "../../../../src/peer/trust/trust.ts";
import { TrustGate } from "../../../../src/peer/connection/trust-gate.ts";

const der = Uint8Array.of(0x30, 0x00);

function gateWith(check: CertificateCheck | undefined): { gate: TrustGate; decided: Promise<void> } {
  const { promise: decided, resolve } = Promise.withResolvers<void>();
  return { gate: new TrustGate(check, resolve), decided };
}

describe("the trust gate", () => {
  it("is open where nothing is to be checked", () => {
    expect(gateWith(undefined).gate.look(() => undefined)).toBe("trusted");
  });

  it("knows nothing until a certificate is there, and then asks once", async () => {
    let asked = 0;
    const { gate, decided } = gateWith(() => Promise.resolve(++asked > 0));
    expect(gate.look(() => undefined)).toBe("unknown");
    expect(gate.look(() => der)).toBe("pending");
    await decided;
    expect(gate.look(() => der)).toBe("trusted");
    expect(asked).toBe(1);
  });

  it("holds everything back while a check takes its time", async () => {
    const { gate, decided } = gateWith(() => Promise.resolve(true));
    expect(gate.look(() => der)).toBe("pending");
    await decided;
    expect(gate.look(() => undefined)).toBe("trusted");
  });

  it.each<[string, CertificateCheck]>([
    ["says no", () => Promise.resolve(false)],
    ["fails", () => Promise.reject(new TypeError("no"))],
  ])("refuses when the check %s", async (_, check) => {
    const { gate, decided } = gateWith(check);
    gate.look(() => der);
    await decided;
    expect(gate.look(() => undefined)).toBe("refused");
  });
});
