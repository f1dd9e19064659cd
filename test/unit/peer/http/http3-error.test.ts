import { describe, expect, it } from "vitest";
import type { EngineEnd } from "../../../../src/peer/engine/contract.ts";
import { endError } from "../../../../src/peer/http/http3-error.ts";

const remote = "127.0.0.1:4433";
const ofQuic = { by: "other", isApplication: false, errorCode: 0, reason: "" } as const;

describe("the error of a session that has ended", () => {
  it.each<[string, Partial<EngineEnd>, "handshake" | "session", string]>([
    ["silence", { by: "silence" }, "handshake", "127.0.0.1:4433 does not answer;"],
    ["silence later", { by: "silence" }, "session", "it fell silent;"],
    [
      "its close",
      { isApplication: true, errorCode: 0x100 },
      "session",
      "ended the session with HTTP/3 error 0x100;",
    ],
    [
      "its alert",
      { errorCode: 0x128, reason: "no" },
      "handshake",
      "ended the handshake with QUIC error 0x128 (no);",
    ],
    ["its refusal of h3", { errorCode: 0x178 }, "handshake", "127.0.0.1:4433 speaks no HTTP/3;"],
    ["its lack of h3", { by: "this", errorCode: 0x178 }, "handshake", "127.0.0.1:4433 speaks no HTTP/3;"],
    ["bad packets", { by: "this", errorCode: 0xa }, "session", "what it sends is no QUIC: error 0xa;"],
    [
      "a fault here",
      { by: "this", errorCode: 1, reason: "fault" },
      "session",
      "this side's QUIC engine failed (fault);",
    ],
  ])("tells %s", (_, end, phase, text) => {
    const error = endError({ ...ofQuic, ...end }, phase, remote)(true);
    expect(error.code).toBe("ERR_QUICPIPE_RELAY_UNREACHABLE");
    expect(error.message).toContain(text);
    expect(error.details).toEqual({ sent: phase === "session" });
  });

  it.each([
    [0x12a, "cannot be read"],
    [0x12d, "has expired, or is not valid yet; check its address"],
    [0x12e, "not one of a server"],
    [0x130, "not issued by a trusted CA; give its CA as `relayCa`"],
  ])("tells why the certificate is not trusted: alert 0x%s", (errorCode, text) => {
    const error = endError({ ...ofQuic, by: "this", errorCode }, "handshake", remote)(false);
    expect(error.message).toContain(text);
    expect(error.details).toEqual({ sent: false, untrusted: true });
    // The relay's alert about a certificate of this side is no reason to doubt the relay's.
    expect(endError({ ...ofQuic, errorCode }, "handshake", remote)(false).details).toEqual({ sent: false });
  });
});
