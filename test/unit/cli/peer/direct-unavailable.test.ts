import { describe, expect, it } from "vitest";
import { inDirectFlag } from "../../../../src/cli/peer/direct-unavailable.ts";
import { QuicpipeError } from "../../../../src/errors.ts";

describe("the lack of a direct path on the command line", () => {
  it("is told in its options, with the reason", () => {
    const details = { reason: "udp-blocked" };
    const error = new QuicpipeError("ERR_QUICPIPE_DIRECT_UNAVAILABLE", "`direct` is …", { details });
    expect(inDirectFlag(error)).toMatchObject({
      code: "ERR_QUICPIPE_DIRECT_UNAVAILABLE",
      message: expect.stringMatching(/--direct require.*\(udp-blocked\).*--direct auto/),
      details,
    });
  });

  it("leaves other errors as they are", () => {
    const error = new Error("another");
    expect(inDirectFlag(error)).toBe(error);
  });
});
