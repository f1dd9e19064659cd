import { describe, expect, it } from "vitest";
import { QuicpipeError } from "../../../../src/errors.ts";
import type { HttpRequest, HttpResponse } from "../../../../src/peer/http/http.ts";
import { type HttpSession, RelayHttp } from "../../../../src/peer/relay/http.ts";

const answer: HttpResponse = { status: 200, headers: new Map(), body: new Uint8Array() };
const get: HttpRequest = { method: "GET", path: "/", headers: {}, timeoutMs: 1000, isIdempotent: true };
const post: HttpRequest = { ...get, method: "POST", isIdempotent: false };

function lost(sent: boolean): QuicpipeError {
  return new QuicpipeError("ERR_QUICPIPE_RELAY_UNREACHABLE", "lost", { details: { sent } });
}

/** Sessions that behave, one after the other, as the test says: an error is thrown by every request. */
function setUp(...faults: (QuicpipeError | undefined)[]): { http: RelayHttp; opened: () => number } {
  let opened = 0;
  const open = (): Promise<HttpSession> => {
    const fault = faults[opened++];
    let usable = true;
    return Promise.resolve({
      get usable() {
        return usable;
      },
      request: () => {
        usable = fault === undefined;
        return fault ? Promise.reject(fault) : Promise.resolve(answer);
      },
      close: () => Promise.resolve(),
    });
  };
  return { http: new RelayHttp(open), opened: () => opened };
}

describe("requests to the relay", () => {
  it("share one session, also when they come at once", async () => {
    const { http, opened } = setUp();
    await Promise.all([http.request(get), http.request(post), http.request(get)]);
    await http.request(get);
    expect(opened()).toBe(1);
  });

  it("are made once more on a new session where that does no harm", async () => {
    for (const [fault, request] of [
      [lost(true), get],
      [lost(false), post],
    ] as const) {
      const { http, opened } = setUp(fault);
      expect(await http.request(request)).toBe(answer);
      expect(opened()).toBe(2);
    }
  });

  it("are not made again where the relay may have carried them out", async () => {
    const { http, opened } = setUp(lost(true));
    await expect(http.request(post)).rejects.toMatchObject({ code: "ERR_QUICPIPE_RELAY_UNREACHABLE" });
    expect(opened()).toBe(1);
    expect(await http.request(post)).toBe(answer);
    expect(opened()).toBe(2);
  });

  it("are made twice at most", async () => {
    const { http, opened } = setUp(lost(true), lost(true), lost(true));
    await expect(http.request(get)).rejects.toMatchObject({ code: "ERR_QUICPIPE_RELAY_UNREACHABLE" });
    expect(opened()).toBe(2);
  });

  it("open no session after another where each is over as soon as it is open", async () => {
    let opened = 0;
    const http = new RelayHttp(() => {
      // Ends a loop without a pause, which would never let the test go on.
      if (opened++ > 100) expect.unreachable("too many sessions");
      return Promise.resolve({
        usable: false,
        request: () => expect.unreachable("nothing is asked"),
        close: () => Promise.resolve(),
      });
    });
    for (let i = 1; i <= 2; i++) {
      await expect(http.request(get)).rejects.toMatchObject({
        code: "ERR_QUICPIPE_RELAY_UNREACHABLE",
        details: { sent: false },
      });
      expect(opened).toBe(i);
    }
  });

  it("open a session again after one could not be opened", async () => {
    let attempts = 0;
    const http = new RelayHttp(() => {
      attempts++;
      return Promise.reject(new QuicpipeError("ERR_QUICPIPE_DEPENDENCY_MISSING", "missing"));
    });
    for (let i = 1; i <= 2; i++) {
      await expect(http.request(get)).rejects.toMatchObject({ code: "ERR_QUICPIPE_DEPENDENCY_MISSING" });
      expect(attempts).toBe(i);
    }
  });

  it("are not repeated where they opened the session in vain, but where they came meanwhile", async () => {
    let attempts = 0;
    const http = new RelayHttp(async () => {
      attempts++;
      await Promise.resolve();
      throw lost(false);
    });
    const unreachable = { code: "ERR_QUICPIPE_RELAY_UNREACHABLE" };
    await expect(http.request(get)).rejects.toMatchObject(unreachable);
    expect(attempts).toBe(1);
    const outcomes = await Promise.allSettled([http.request(get), http.request(get)]);
    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(attempts).toBe(3);
  });

  it("give up opening a session when the end comes first", async () => {
    const { promise: given, resolve } = Promise.withResolvers<AbortSignal>();
    const http = new RelayHttp((signal) => {
      resolve(signal);
      return new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(lost(false)));
      });
    });
    const request = http.request(post);
    await given;
    await http.close();
    await expect(request).rejects.toMatchObject({ code: "ERR_QUICPIPE_RELAY_UNREACHABLE" });
  });

  it("are answered on a session that takes no more, while the next one opens another", async () => {
    const { promise: slow, resolve } = Promise.withResolvers<HttpResponse>();
    let usable = true;
    let closed = false;
    const draining: HttpSession = {
      get usable() {
        return usable;
      },
      request: () => slow,
      close: () => Promise.resolve(void (closed = true)),
    };
    const other: HttpSession = { ...draining, usable: true, request: () => Promise.resolve(answer) };
    const sessions = [draining, other];
    const http = new RelayHttp(() => Promise.resolve(sessions.shift()!));
    const poll = http.request(get);
    await Promise.resolve();
    usable = false;
    expect(await http.request(post)).toBe(answer);
    expect(closed).toBe(false);
    resolve(answer);
    expect(await poll).toBe(answer);
  });

  it("fail when the peer closes, also on a session that takes no more", async () => {
    let usable = true;
    const given = Promise.withResolvers<void>();
    const http = new RelayHttp(() =>
      Promise.resolve({
        get usable() {
          return usable;
        },
        request: ({ signal }: HttpRequest) =>
          new Promise<HttpResponse>((_, reject) => {
            signal?.addEventListener("abort", () => reject(lost(true)));
            given.resolve();
          }),
        close: () => Promise.resolve(),
      }),
    );
    const poll = http.request(get);
    await given.promise;
    usable = false;
    await http.close();
    await expect(poll).rejects.toMatchObject({ code: "ERR_QUICPIPE_RELAY_UNREACHABLE" });
  });

  it("are refused after the end", async () => {
    const { http } = setUp();
    await http.request(get);
    await http.close();
    await expect(http.request(get)).rejects.toMatchObject({ code: "ERR_QUICPIPE_CLOSED" });
  });
});
