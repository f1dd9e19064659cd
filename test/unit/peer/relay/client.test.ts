import { describe, expect, it } from "vitest";
import type { HttpRequest, HttpResponse } from "../../../../src/peer/http/http.ts";
import { RelayClient } from "../../../../src/peer/relay/client.ts";

/** An HTTP that answers with what the test says, and remembers what it was asked. */
class FakeHttp {
  readonly requests: HttpRequest[] = [];
  status = 200;
  body: unknown = {};
  headers = new Map<string, string>();

  request(request: HttpRequest): Promise<HttpResponse> {
    this.requests.push(request);
    const body = this.body === undefined ? new Uint8Array() : Buffer.from(JSON.stringify(this.body));
    return Promise.resolve({ status: this.status, headers: this.headers, body });
  }

  get last(): HttpRequest {
    return this.requests.at(-1)!;
  }
}

function setUp(token = "t0ken"): { http: FakeHttp; client: RelayClient } {
  const http = new FakeHttp();
  const client = new RelayClient({
    http,
    token: () => Promise.resolve(token),
    authority: "relay.example:4433",
    basePath: "/relay",
    requestTimeoutMs: 1000,
  });
  return { http, client };
}

describe("the relay's client", () => {
  it.each(["", ".", "..", "x".repeat(257), "\ud800"])(
    "asks nothing of a recipient called %j",
    async (name) => {
      const { http, client } = setUp();
      await expect(client.send(name, { packets: [] })).rejects.toMatchObject({
        code: "ERR_QUICPIPE_RECIPIENT_INVALID",
      });
      expect(http.requests).toEqual([]);
    },
  );

  it.each([undefined, { code: "ERR_QUICPIPE_NOT_FOUND", detail: "this relay makes no invitations" }])(
    "says that there are no invitations where a relay knows no such path, or has them switched off: %o",
    async (body) => {
      const { http, client } = setUp();
      Object.assign(http, { status: 404, body });
      await expect(client.invite({})).rejects.toMatchObject({
        code: "ERR_QUICPIPE_RELAY_REFUSED",
        message: expect.stringMatching(/^there is no relay that makes invitations: /),
        details: { status: 404 },
      });
    },
  );

  it.each([undefined, { status: 404, message: "Cannot find any route" }])(
    "says that there is no relay where an app knows no such path: %o",
    async (body) => {
      const { http, client } = setUp();
      Object.assign(http, { status: 404, body });
      await expect(client.register({ key: "a2V5", num: 3 })).rejects.toMatchObject({
        code: "ERR_QUICPIPE_RELAY_REFUSED",
        message:
          "there is no relay at relay.example:4433/relay/v1/register: does the app use it (app.use(relay)), and is its basePath the URL's path (/relay)?",
        details: { status: 404 },
      });
    },
  );

  it("does not say so where the relay itself knows no such path", async () => {
    const { http, client } = setUp();
    Object.assign(http, { status: 404, body: { code: "ERR_QUICPIPE_NOT_FOUND", detail: "no such path" } });
    await expect(client.sentMessage("id")).rejects.toThrow(
      "the relay refused GET /v1/messages/id: no such path",
    );
  });

  it("refuses a message with a reason, and reports whether the relay has told its sender", async () => {
    const { http, client } = setUp();
    Object.assign(http, { status: 204, body: undefined });
    expect(await client.refuse("a/b", "busy")).toBe(true);
    expect(http.last).toMatchObject({ method: "POST", path: "/relay/v1/messages/a%2Fb/refuse" });
    expect(JSON.parse(String(http.last.body))).toEqual({ reason: "busy" });
    Object.assign(http, { status: 404, body: { code: "ERR_QUICPIPE_NOT_FOUND", detail: "an older relay" } });
    expect(await client.refuse("a", "busy")).toBe(false);
  });

  it("asks for each route as the protocol has it", async () => {
    const { http, client } = setUp();
    await client.register({ key: "a2V5", num: 3 });
    expect(http.last).toMatchObject({ method: "POST", path: "/relay/v1/register", isIdempotent: true });
    expect(JSON.parse(String(http.last.body))).toEqual({ key: "a2V5", num: 3 });
    expect(http.last.headers).toMatchObject({
      authorization: "Bearer t0ken",
      "content-type": "application/json",
    });
    await client.send("a b/ü", { packets: [] });
    expect(http.last).toMatchObject({
      method: "POST",
      path: "/relay/v1/mailbox/a%20b%2F%C3%BC",
      isIdempotent: false,
    });
    await client.send("bob", { packets: [], register: { key: "a2V5", num: 3 } });
    expect(http.last).toMatchObject({ path: "/relay/v1/mailbox/bob", isIdempotent: false });
    await client.sentMessage("id");
    expect(http.last).toMatchObject({ method: "GET", path: "/relay/v1/messages/id", isIdempotent: true });
    await client.recall("id");
    expect(http.last).toMatchObject({ method: "DELETE", path: "/relay/v1/messages/id" });
    await client.take("id", { registration: "r" });
    expect(http.last).toMatchObject({
      method: "POST",
      path: "/relay/v1/messages/id/take",
      isIdempotent: false,
    });
    await client.endRegistration("r");
    expect(http.last).toMatchObject({ method: "DELETE", path: "/relay/v1/registrations/r" });
  });

  it("may repeat a message with its registration at a relay that is known to register with it, and no other", async () => {
    const { http, client } = setUp();
    const request = { packets: [], register: { key: "a2V5", num: 3 } };
    const mayRepeat: boolean[] = [];
    for (const does of [true, false]) {
      client.withHeaders({}).noteRegistersWith(does);
      expect(client.registersWith).toBe(does);
      for (const each of [request, { packets: [] }]) {
        await client.send("bob", each);
        mayRepeat.push(http.last.isIdempotent);
      }
    }
    expect(mayRepeat).toEqual([true, false, false, false]);
  });

  it("gives a long poll the time that it asks for", async () => {
    const { http, client } = setUp();
    http.body = { messages: [] };
    const { signal } = new AbortController();
    expect(await client.waiting(25, signal)).toEqual([]);
    expect(http.last).toMatchObject({ path: "/relay/v1/messages", timeoutMs: 26_000, signal });
    expect(http.last.headers["prefer"]).toBe("wait=25");
  });

  it("sends no token where there is none", async () => {
    const { http, client } = setUp("");
    await client.sentMessage("id");
    expect(http.last.headers).not.toHaveProperty("authorization");
  });

  it("throws the relay's own code, with what it said", async () => {
    const { http, client } = setUp();
    http.status = 429;
    http.headers.set("retry-after", "7");
    http.body = { code: "ERR_QUICPIPE_MAILBOX_FULL", detail: "bob has 16 messages waiting" };
    await expect(client.send("bob", { packets: [] })).rejects.toMatchObject({
      code: "ERR_QUICPIPE_MAILBOX_FULL",
      message: expect.stringContaining("bob has 16 messages waiting") as string,
      details: { status: 429, retryAfterSeconds: 7 },
    });
  });

  it("throws one code for everything that it does not know", async () => {
    const { http, client } = setUp();
    for (const [status, body] of [
      [500, undefined],
      [502, "not an object"],
      [418, { code: "ERR_OF_ANOTHER_RELAY", detail: "teapot" }],
      [200, "not an object"],
    ] as const) {
      http.status = status;
      http.body = body;
      await expect(client.sentMessage("id")).rejects.toMatchObject({
        code: "ERR_QUICPIPE_RELAY_REFUSED",
        details: { status },
      });
    }
  });

  it("takes it for done where what it ends is gone already", async () => {
    const { http, client } = setUp();
    http.status = 404;
    http.body = { code: "ERR_QUICPIPE_REGISTRATION_NOT_FOUND" };
    await client.endRegistration("r");
    http.body = { code: "ERR_QUICPIPE_MESSAGE_NOT_FOUND" };
    await client.recall("id");
    await expect(client.sentMessage("id")).rejects.toMatchObject({
      code: "ERR_QUICPIPE_MESSAGE_NOT_FOUND",
    });
  });
});
