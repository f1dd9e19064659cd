import { describe, expect, it, vi } from "vitest";
import { QuicpipeError } from "../../../../src/errors.ts";
import {
  presentable,
  problemKinds,
  problemResponse,
  problemTypeBase,
} from "../../../../src/plugin/http/problem.ts";

describe("problemResponse", () => {
  it("says what went wrong as RFC 9457 has it", async () => {
    const response = problemResponse(new QuicpipeError("ERR_QUICPIPE_KEY_INVALID", "the key is bad"));
    expect(response.status).toBe(400);
    expect(Object.fromEntries(response.headers)).toEqual({
      "content-type": "application/problem+json",
      "cache-control": "no-store",
    });
    expect(await response.json()).toEqual({
      type: `${problemTypeBase}err_quicpipe_key_invalid`,
      title: "Key not valid",
      status: 400,
      detail: "the key is bad",
      code: "ERR_QUICPIPE_KEY_INVALID",
    });
  });

  it("sends Retry-After with every 429 and 503, and WWW-Authenticate with every 401", () => {
    for (const [code, { status }] of Object.entries(problemKinds)) {
      const error = new QuicpipeError(code as "ERR_QUICPIPE_INTERNAL", "");
      const { headers } = problemResponse(error);
      expect([code, headers.has("retry-after")]).toEqual([code, status === 429 || status === 503]);
      if (status === 401) expect(headers.get("www-authenticate")).toMatch(/^Bearer realm="quicpipe"/);
    }
  });

  it("takes a better time than the default where one is known", () => {
    const details = { retryAfterSeconds: 17 };
    const { headers } = problemResponse(new QuicpipeError("ERR_QUICPIPE_RATE_LIMITED", "", { details }));
    expect(headers.get("retry-after")).toBe("17");
  });
});

describe("presentable", () => {
  it("hides an unexpected error from the client, and logs it", () => {
    const write = vi.fn();
    const secret = new TypeError("the secret is hunter2");
    const internal = new QuicpipeError("ERR_QUICPIPE_LISTEN_FAILED", "no request's business");
    for (const fault of [secret, internal, "text"]) {
      const shown = presentable(fault, { write });
      expect(shown.code).toBe("ERR_QUICPIPE_INTERNAL");
      expect(shown.cause).toBeUndefined();
      expect(shown.message).not.toMatch(/hunter2|business/);
      const line = ["error", "request-failed", "a request failed unexpectedly", { err: fault }];
      expect(write).toHaveBeenLastCalledWith(...line);
    }
    const known = new QuicpipeError("ERR_QUICPIPE_DRAINING", "");
    expect(presentable(known, { write })).toBe(known);
    expect(write).toHaveBeenCalledTimes(3);
  });
});
