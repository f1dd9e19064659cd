import { describe, expect, it } from "vitest";
import { createAppAuthentication } from "../../../../src/plugin/auth/app-auth.ts";
import { type Identity, requireScope } from "../../../../src/plugin/auth/identity.ts";
import type { AuthorizedPeer } from "../../../../src/plugin/options/auth.ts";
import { resolveLimits } from "../../../../src/plugin/options/limits.ts";

const limits = resolveLimits(undefined);
const nowMs = 1_000_000;
const lines: unknown[][] = [];
const context = { limits, log: { write: (...line: unknown[]) => void lines.push(line) }, now: () => nowMs };
const request = new Request("https://relay.example/v1/register", { headers: { cookie: "session=1" } });

function authenticate(peer: AuthorizedPeer | null): Promise<unknown> {
  return createAppAuthentication(() => peer, context)(request, () => "192.0.2.1");
}

const alice: AuthorizedPeer = { subject: "alice", scopes: ["relay:register"] };

describe("an app's function that authenticates", () => {
  it("gets the request, and its answer is who sends it, for an hour", async () => {
    const seen: (string | null)[] = [];
    const identify = createAppAuthentication(({ headers }) => {
      seen.push(headers.get("cookie"));
      return Promise.resolve(alice);
    }, context);
    const identity = await identify(request, () => "192.0.2.1");
    expect(seen).toEqual(["session=1"]);
    expect(identity).toMatchObject({
      subject: "alice",
      account: "alice",
      scopes: new Set(["relay:register"]),
      peers: undefined,
      expiresAtMs: nowMs + 3_600_000,
    });
  });

  it("grants the scopes that there are, and the log names one that there is not", async () => {
    lines.length = 0;
    await authenticate(alice);
    expect(lines).toEqual([]);
    const scopes = ["relay:regster", "relay:register", "x".repeat(1000)] as AuthorizedPeer["scopes"];
    expect(await authenticate({ ...alice, scopes })).toMatchObject({ scopes: new Set(scopes) });
    expect(lines).toEqual([
      [
        "warn",
        "scopes",
        expect.stringContaining(
          "relay:register, mailbox:send, mailbox:receive, relay:invite, relay:metrics, relay:admin",
        ),
        { scope: "relay:regster" },
      ],
    ]);
  });

  it("narrows what its peer may have, and widens nothing", async () => {
    const quota = { maxRegistrations: 1, bytesPerSecond: Number.MAX_SAFE_INTEGER };
    expect(await authenticate({ ...alice, quota, peers: ["bob"], expiresAtMs: nowMs + 5 })).toMatchObject({
      quota: {
        maxRegistrations: 1,
        bytesPerSecond: limits.bytesPerSecond,
        maxCids: limits.maxCidsPerSubject,
      },
      peers: new Set(["bob"]),
      expiresAtMs: nowMs + 5,
    });
  });

  it.each([null, undefined, false, ""])("identifies no peer by returning %o", async (nobody) => {
    await expect(authenticate(nobody as null)).rejects.toMatchObject({ code: "ERR_QUICPIPE_TOKEN_INVALID" });
  });

  it("names a peer no longer than it says, and no longer than a month", async () => {
    for (const expiresAtMs of [0, nowMs - 1, nowMs])
      await expect(authenticate({ ...alice, expiresAtMs })).rejects.toMatchObject({
        code: "ERR_QUICPIPE_TOKEN_EXPIRED",
      });
    expect(await authenticate({ ...alice, expiresAtMs: Infinity })).toMatchObject({
      expiresAtMs: nowMs + 30 * 86_400_000,
    });
  });

  it("may leave members out by undefined", async () => {
    const absent = { quota: undefined, peers: undefined, expiresAtMs: undefined };
    expect(await authenticate({ ...alice, ...absent } as never)).toMatchObject({ subject: "alice" });
  });

  it.each([
    ["a page of another origin", "POST", { "sec-fetch-site": "cross-site" }, false],
    ["a page of another origin of its site", "DELETE", { "sec-fetch-site": "same-site" }, false],
    [
      "a page elsewhere, in a browser without Fetch Metadata",
      "POST",
      { origin: "https://elsewhere.example" },
      false,
    ],
    ["a page in a frame without origin", "POST", { origin: "null" }, false],
    ["a page of the app", "POST", { "sec-fetch-site": "same-origin" }, true],
    ["a page of the app, without Fetch Metadata", "POST", { origin: "https://relay.example" }, true],
    ["no browser", "POST", {}, true],
    ["a page elsewhere that only reads", "GET", { "sec-fetch-site": "cross-site" }, true],
  ])(
    "hears what %s asks for with what a browser adds by itself: %s %o %s",
    async (_, method, headers, isHeard) => {
      const identify = createAppAuthentication(() => alice, context);
      const asked = (more: Record<string, string>): Promise<unknown> =>
        identify(new Request(request.url, { method, headers: { ...headers, ...more } }), () => "192.0.2.1");
      for (const more of [{ cookie: "session=1" }, { authorization: "Basic YTpi" }, {}]) {
        const outcome = await asked(more as never).catch((error: unknown) => error);
        expect(outcome).toMatchObject(
          isHeard ? { subject: "alice" } : { code: "ERR_QUICPIPE_ORIGIN_FORBIDDEN" },
        );
      }
      // A page's own token is its word.
      expect(await asked({ authorization: "Bearer t" })).toMatchObject({ subject: "alice" });
    },
  );

  it.each([
    ["auth().subject is an empty string", { ...alice, subject: "" }],
    ['auth().subject is ".."', { ...alice, subject: ".." }],
    ['auth().scopes is "relay:register"', { ...alice, scopes: "relay:register" }],
    ["auth().scopes is an array", { ...alice, scopes: [1] }],
    ["auth().scopes is undefined", { subject: "alice" }],
    ['auth().peers is "bob"', { ...alice, peers: "bob" }],
    ["auth().peers is an empty string", { ...alice, peers: "" }],
    ["auth().peers is null", { ...alice, peers: null }],
    ["auth().peers is false", { ...alice, peers: false }],
    ["auth().peers is a collection", { ...alice, peers: new Set(["bob"]) }],
    ["auth().quota is null", { ...alice, quota: null }],
    ["auth().quota is 5", { ...alice, quota: 5 }],
    ["auth().quota is an array", { ...alice, quota: [] }],
    ["auth().quota is a collection", { ...alice, quota: new Map([["maxCids", 5]]) }],
    ["auth().quota.maxCids is 0", { ...alice, quota: { maxCids: 0 } }],
    ["auth().quota.maxCids is null", { ...alice, quota: { maxCids: null } }],
    ["auth().quota.maxCids is undefined", { ...alice, quota: { maxCids: undefined } }],
    ["auth().quota.maxCids is NaN", { ...alice, quota: Object.create({ maxCids: NaN }) as object }],
    ["auth().quota.bogus is unknown", { ...alice, quota: { bogus: 1 } }],
    ["auth().quota.toString is unknown", { ...alice, quota: { toString: 1 } }],
    ["auth().expiresAtMs is NaN", { ...alice, expiresAtMs: NaN }],
    ["auth().expiresAtMs is null", { ...alice, expiresAtMs: null }],
    ["auth().peer is unknown", { ...alice, peer: ["bob"] }],
    ["auth() is an array", [alice]],
    ["auth() is a string that does not fit", "alice"],
    ["auth() is true", true],
  ])("is refused as a whole where its result is wrong: %s", async (fault, peer) => {
    await expect(authenticate(peer as AuthorizedPeer)).rejects.toMatchObject({
      code: "ERR_QUICPIPE_OPTION_INVALID",
      message: expect.stringContaining(`option ${fault}`),
    });
  });
});

describe("an identity without the scope that a route needs", () => {
  it("is refused by the scope's name, without a word of a token, as there may be none", async () => {
    const identity = (await authenticate(alice)) as Identity;
    expect(() => requireScope(identity, "relay:register")).not.toThrow();
    expect(() => requireScope(identity, "mailbox:send", "relay:register")).not.toThrow();
    expect(() => requireScope(identity, "relay:admin")).toThrow(
      expect.objectContaining({
        code: "ERR_QUICPIPE_SCOPE_MISSING",
        message: "you lack the scope relay:admin, which this request needs",
        details: { scope: "relay:admin" },
      }),
    );
  });
});
