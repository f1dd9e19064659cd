import { setTimeout as wait } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import * as defaults from "../../../../../src/defaults/index.ts";
import { QuicpipeError } from "../../../../../src/errors.ts";
import type { HttpRequest, HttpResponse } from "../../../../../src/peer/http/http.ts";
import type { HttpSession } from "../../../../../src/peer/relay/http.ts";
import { type Openers, openSession } from "../../../../../src/peer/relay/finding/tcp-fallback.ts";

const request: HttpRequest = {
  method: "POST",
  path: "/v1/register",
  headers: {},
  timeoutMs: 1000,
  isIdempotent: true,
};

const headStartMs = 500;

const closing = new AbortController().signal;

function respond(status: number, body = ""): HttpResponse {
  return { status, headers: new Map(), body: Buffer.from(body) };
}

interface TestSession extends HttpSession {
  readonly requests: HttpRequest[];
  isClosed: boolean;
}

function session(answer: HttpResponse, over: Partial<HttpSession> = {}): TestSession {
  const made: TestSession = {
    usable: true,
    requests: [],
    isClosed: false,
    request: (each) => Promise.resolve((made.requests.push(each), answer)),
    close: () => Promise.resolve(void (made.isClosed = true)),
    ...over,
  };
  return made;
}

function unreachable(details: Readonly<Record<string, unknown>> = {}): QuicpipeError {
  return new QuicpipeError("ERR_QUICPIPE_RELAY_UNREACHABLE", "no HTTP/3", { details });
}

/** Never opens by itself. */
const silent = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener("abort", () => reject(unreachable())));

/** Waits until nobody does any more. */
const hanging: Openers["openTcp"] = (_, signal) =>
  new Promise((resolve) => signal.addEventListener("abort", () => resolve(undefined)));

const absent: Openers["openTcp"] = () => Promise.resolve(undefined);

const notFound = respond(404, "nothing here");
const done = respond(200, "{}");

function openers(given: Partial<Openers>): Openers {
  return {
    openHttp3: () => Promise.resolve(session(done)),
    openTcp: () => Promise.resolve(session(done, { http3Lack: "unavailable" })),
    timeoutMs: 10_000,
    headStartMs: () => headStartMs,
    ...given,
  };
}

describe("a session to the relay", () => {
  beforeEach(() => vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
  afterEach(() => vi.useRealTimers());

  it("is one over HTTP/3 where that answers, and TCP is left alone", async () => {
    const openTcp = vi.fn();
    const opened = await openSession(openers({ openTcp }), closing);
    await opened.request(request);
    expect(opened.http3Lack).toBeUndefined();
    expect(openTcp).not.toHaveBeenCalled();
  });

  it("is one over TCP at once where HTTP/3 fails", async () => {
    const opened = await openSession(openers({ openHttp3: () => Promise.reject(unreachable()) }), closing);
    expect(opened.http3Lack).toBe("unavailable");
  });

  it("is one over TCP after two head starts of silence, and gives HTTP/3 up", async () => {
    let givenUp: AbortSignal | undefined;
    const openHttp3 = (signal: AbortSignal): Promise<never> => silent((givenUp = signal));
    let opened: HttpSession | undefined;
    void openSession(openers({ openHttp3 }), closing).then((found) => (opened = found));
    await vi.advanceTimersByTimeAsync(2 * headStartMs - 1);
    expect(opened).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    expect(opened?.http3Lack).toBe("unavailable");
    expect(givenUp?.aborted).toBe(true);
  });

  it("is one over HTTP/3 where that comes in the head start after TCP, which is closed", async () => {
    const [http3, tcp] = [session(done), session(done)];
    const late = Promise.withResolvers<HttpSession>();
    const opening = openSession(
      openers({ openHttp3: () => late.promise, openTcp: () => Promise.resolve(tcp) }),
      closing,
    );
    await vi.advanceTimersByTimeAsync(headStartMs + 1);
    late.resolve(http3);
    const opened = await opening;
    await opened.request(request);
    expect([http3.requests.length, tcp.requests.length, tcp.isClosed]).toEqual([1, 0, true]);
  });

  it("is waited for by no attempt over TCP that hangs", async () => {
    const late = Promise.withResolvers<HttpSession>();
    const opening = openSession(openers({ openHttp3: () => late.promise, openTcp: hanging }), closing);
    await vi.advanceTimersByTimeAsync(headStartMs + 1);
    late.resolve(session(done));
    expect((await opening).http3Lack).toBeUndefined();
  });

  it("is tried over TCP again in each round of silence", async () => {
    const openTcp = vi.fn<Openers["openTcp"]>(() => Promise.resolve(undefined));
    const givingUp = new AbortController();
    const opening = openSession(openers({ openHttp3: silent, openTcp }), givingUp.signal);
    const refused = expect(opening).rejects.toThrow("no HTTP/3");
    await vi.advanceTimersByTimeAsync(headStartMs + 2 * defaults.relayRoundMs + 1);
    expect(openTcp).toHaveBeenCalledTimes(3);
    givingUp.abort();
    await refused;
  });

  it("fails as HTTP/3 has where no relay answers over TCP", async () => {
    const given = openers({ openHttp3: () => Promise.reject(unreachable()), openTcp: absent });
    await expect(openSession(given, closing)).rejects.toThrow("no HTTP/3");
  });

  it.each([unreachable({ untrusted: true }), new QuicpipeError("ERR_QUICPIPE_CLOSED", "closed")])(
    "does not go over TCP after: %s",
    async (error) => {
      const openTcp = vi.fn();
      const openHttp3 = vi.fn().mockRejectedValue(error);
      const given = openers({ openHttp3, openTcp });
      await expect(openSession(given, closing)).rejects.toBe(error);
      expect(openTcp).not.toHaveBeenCalled();
    },
  );
});

describe("a session whose HTTP/3 server does not know the relay's routes", () => {
  it("makes its requests over TCP from the first answer on, with one attempt for all under way", async () => {
    const http3 = session(notFound);
    const tcp = session(done, { http3Lack: "not-found" });
    const openTcp = vi.fn<Openers["openTcp"]>(async () => (await wait(1), tcp));
    const opened = await openSession(openers({ openHttp3: () => Promise.resolve(http3), openTcp }), closing);
    const answers = await Promise.all([opened.request(request), opened.request(request)]);
    await opened.request(request);
    expect(answers).toEqual([done, done]);
    expect([http3.requests.length, tcp.requests.length]).toEqual([2, 3]);
    expect(openTcp.mock.calls.map(([why]) => why)).toEqual(["not-found"]);
    expect(opened.http3Lack).toBe("not-found");
    await opened.close();
    expect([http3.isClosed, tcp.isClosed]).toEqual([true, true]);
  });

  it("returns the 404 where no relay answers over TCP, and looks again at the next", async () => {
    const openTcp = vi.fn<Openers["openTcp"]>(() => Promise.resolve(undefined));
    const openHttp3 = (): Promise<HttpSession> => Promise.resolve(session(notFound));
    const opened = await openSession(openers({ openHttp3, openTcp }), closing);
    expect(await opened.request(request)).toBe(notFound);
    expect(await opened.request(request)).toBe(notFound);
    expect(openTcp).toHaveBeenCalledTimes(2);
  });

  it("is not one whose relay answers 404 with a code of its own", async () => {
    const ofRelay = respond(404, '{"code":"ERR_QUICPIPE_MESSAGE_NOT_FOUND"}');
    const openTcp = vi.fn();
    const openHttp3 = (): Promise<HttpSession> => Promise.resolve(session(ofRelay));
    const opened = await openSession(openers({ openHttp3, openTcp }), closing);
    expect(await opened.request(request)).toBe(ofRelay);
    expect(openTcp).not.toHaveBeenCalled();
  });
});
