import { describe, expect, it } from "vitest";
import { QuicpipeError } from "../../../../src/errors.ts";
import { errorCodeOf } from "../../../../src/peer/connection/error.ts";

describe("the error code of a reason", () => {
  it("is taken from a W3C error, a QuicpipeError or an object", () => {
    expect(errorCodeOf({ streamErrorCode: 7 })).toBe(7);
    const details = { streamErrorCode: 8 };
    expect(errorCodeOf(new QuicpipeError("ERR_QUICPIPE_STREAM_RESET", "reset", { details }))).toBe(8);
  });

  it("is 0 for everything else", () => {
    const loop: Record<string, unknown> = {};
    loop["details"] = loop;
    const wrong = [undefined, null, 5, "x", {}, { streamErrorCode: -1 }, { streamErrorCode: 2 ** 32 }, loop];
    for (const reason of wrong) expect(errorCodeOf(reason)).toBe(0);
  });
});
