import type { JSONWebKeySet, JWTHeaderParameters, JWTPayload } from "jose";
import { describe, expect, it } from "vitest";
import { initialPacket } from "../../harness/packets.ts";
import { call, serveRelay } from "../../harness/relay-app.ts";
import accessTokens from "../../../fixtures/access-tokens.json" with { type: "json" };
import { type Issuer, startIssuer } from "./issuer.ts";

/** Asks a relay with a token; the status, and the code of the problem if it is one. */
async function answerTo(token: string, jwks: string | JSONWebKeySet): Promise<(number | string)[]> {
  const app = await serveRelay({ auth: { jwks } });
  const { status, body } = await call("GET", `${app.url}/v1/register`, { token });
  return status === 200 ? [200] : [status, body.code];
}

async function answerToShape(
  claims: JWTPayload,
  header?: Partial<JWTHeaderParameters>,
): ReturnType<typeof answerTo> {
  const issuer = await startIssuer("RS256");
  return answerTo(await issuer.token(claims, header), issuer.url);
}

const invalid = [401, "ERR_QUICPIPE_TOKEN_INVALID"];
const lacking = [403, "ERR_QUICPIPE_SCOPE_MISSING"];

/** What the access tokens of well-known issuers look like, as their documentation shows them. */
const shapes = Object.entries(accessTokens).map(
  ([name, { claims, header }]) =>
    // The claim of this test's own tokens, and the type, are left out where the issuer has none.
    [name, { scope: undefined, ...claims }, { typ: undefined, ...header }] as const,
);

describe("a token in the shape of another issuer's", () => {
  it.each(shapes)("%s is understood", async (_name, claims, header) => {
    expect(await answerToShape(claims, header)).toEqual([200]);
  });

  it.each(shapes)("%s without the scope is refused for that", async (_name, claims: JWTPayload, header) => {
    const { scope, scp, ...rest } = claims;
    const other = { ...rest, ...(scp ? { scp: ["openid"], scope: undefined } : { scope: "openid" }) };
    expect(scope ?? scp).toBeDefined();
    expect(await answerToShape(other, header)).toEqual(lacking);
  });
});

describe("the scopes of a token", () => {
  it.each([
    ["a string", { scope: "openid relay:register" }, [200]],
    ["a list", { scope: ["openid", "relay:register"] }, [200]],
    ["scp as a string", { scope: undefined, scp: "openid relay:register" }, [200]],
    ["scp as a list", { scope: undefined, scp: ["relay:register"] }, [200]],
    ["both, which add up", { scope: "openid", scp: ["relay:register"] }, [200]],
    ["a member of a list that only contains one", { scope: ["openid relay:register"] }, lacking],
    ["none", { scope: undefined }, lacking],
    ["a number", { scope: 7 }, invalid],
    ["a list of numbers", { scp: [7] }, invalid],
    ["an object", { scope: { "relay:register": true } }, invalid],
  ])("may be %s", async (_name, claims: JWTPayload, expected) => {
    expect(await answerToShape(claims)).toEqual(expected);
  });
});

describe("the type of a token", () => {
  it.each([undefined, "JWT", "jwt", "at+jwt", "AT+JWT", "application/at+jwt", "Application/JWT"])(
    "may be %s",
    async (typ) => {
      expect(await answerToShape({}, { typ })).toEqual([200]);
    },
  );

  it.each(["", "dpop+jwt", "logout+jwt", "secevent+jwt", "JOSE", "text/jwt", "application/application/jwt"])(
    "may not be %j",
    async (typ) => {
      expect(await answerToShape({}, { typ })).toEqual(invalid);
    },
  );
});

describe("the name in a token", () => {
  // RFC 3986 §5.2.4 and the URL standard take these out of a path, percent-encoded or not.
  it.each([".", ".."])("may not be %j, which no path can carry", async (sub) => {
    expect(await answerToShape({ sub })).toEqual(invalid);
  });

  it.each([
    "...",
    ".x",
    "a/b",
    "a\\b",
    "%2e",
    "?",
    "#",
    " ",
    "\u0000",
    "\n",
    "名前",
    "a;b=c",
    "take",
    ":",
    "~",
  ])("may be %j, which a message then finds", async (sub) => {
    const issuer = await startIssuer();
    const app = await serveRelay({ auth: { jwks: issuer.url } });
    const token = await issuer.token({ sub });
    const path = `${app.url}/v1/mailbox/${encodeURIComponent(sub)}`;
    const sent = await call("POST", path, {
      token,
      headers: { "content-type": "application/octet-stream" },
      body: initialPacket(),
    });
    expect(sent.status).toBe(201);
    expect(sent.body.recipient).toBe(sub);
    const { body } = await call("GET", `${app.url}/v1/mailbox`, { token });
    expect(body.messages).toMatchObject([{ id: sent.body.id, sender: sub }]);
  });
});

/** An issuer with a key of each of these algorithms. */
async function rotated(algs: readonly string[]): Promise<Issuer> {
  const [first, ...others] = algs;
  const issuer = await startIssuer(first);
  for (const alg of others) await issuer.rotate(alg);
  return issuer;
}

describe("a token without kid", () => {
  it.each([
    ["the only key", ["ES256"]],
    ["the last of several keys", ["ES256", "ES256", "EdDSA", "ES256"]],
  ])("is checked with %s", async (_name, algs) => {
    const issuer = await rotated(algs);
    expect(await answerTo(await issuer.token({}, { kid: undefined }), issuer.url)).toEqual([200]);
    expect(await answerTo(await issuer.token({}, { kid: undefined }), issuer.keySet)).toEqual([200]);
  });

  it("is checked with keys that have no id or algorithm either", async () => {
    const issuer = await rotated(["RS256", "RS256"]);
    for (const key of issuer.keySet.keys) {
      delete key.kid;
      delete key.alg;
    }
    expect(await answerTo(await issuer.token({}, { kid: undefined }), issuer.url)).toEqual([200]);
  });

  it("is refused if no key signed it", async () => {
    const [issuer, other] = [await rotated(["ES256", "ES256"]), await startIssuer("ES256")];
    expect(await answerTo(await other.token({}, { kid: undefined }), issuer.keySet)).toEqual(invalid);
  });
});
