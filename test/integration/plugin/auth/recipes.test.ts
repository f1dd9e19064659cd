/** The recipes of docs/tokens.md, word for word but for the issuer's host, with tokens in the shape of that issuer's. */
import { readFileSync } from "node:fs";
import type { JWTPayload } from "jose";
import { describe, expect, it } from "vitest";
import type { TokenAuthOptions } from "../../../../src/index.ts";
import accessTokens from "../../../fixtures/access-tokens.json" with { type: "json" };
import { projectPath } from "../../harness/child.ts";
import { call, serveRelay } from "../../harness/relay-app.ts";
import { startIssuer } from "./issuer.ts";

const page = readFileSync(projectPath("docs/tokens.md"), "utf8");

/** The option `auth` of the recipe below a heading. */
function recipeOf(heading: string): { issuer: string; audience: string } {
  const section = page.split(`### ${heading}\n`)[1]!;
  const [, code] = /```ts\nconst auth = (\{[^]*?\});\n```/.exec(section)!;
  // An object with unquoted names and texts is JSON but for the names and the last comma.
  const json = code!.replaceAll(/(\w+): "/g, '"$1": "').replace(/,\s*\}$/, "}");
  return JSON.parse(json) as { issuer: string; audience: string };
}

/** An issuer at the path of a recipe's, and the recipe with its host. */
async function startAt(heading: string) {
  const recipe = recipeOf(heading);
  const issuer = await startIssuer("RS256");
  const name = issuer.name + new URL(recipe.issuer).pathname;
  const discovery = `${new URL(name).pathname.replace(/\/$/, "")}/.well-known/openid-configuration`;
  issuer.misbehave((request, response) => {
    const body = request.url === discovery ? { issuer: name, jwks_uri: issuer.url } : issuer.keySet;
    const isKnown = request.url === discovery || request.url === "/jwks.json";
    response.writeHead(isKnown ? 200 : 404, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  const auth: TokenAuthOptions = { ...recipe, issuer: name };
  return { issuer, name, recipe, app: await serveRelay({ auth }) };
}

const cases = Object.entries(accessTokens).map(
  ([name, token]) => [name, name.split(",")[0]!, token] as const,
);

describe("a recipe for tokens of", () => {
  it.each(cases)(
    "%s takes such a token, with all that a peer needs, and calls it by its sub",
    async (_name, heading, { claims, header }) => {
      const { issuer, name, recipe, app } = await startAt(heading);
      // As it is in the fixture: the recipe is for this very issuer.
      expect(claims.iss).toBe(recipe.issuer);
      const own: JWTPayload = { scope: undefined, ...claims, iss: name };
      const token = await issuer.token(own, { typ: undefined, ...header });
      const key = Buffer.alloc(16, 7).toString("base64");
      const registered = await call("POST", `${app.url}/v1/register`, { token, body: { key, num: 1 } });
      expect(registered.status).toBe(200);
      const subjects: string[] = [];
      for await (const { subject } of app.relay.registrations()) subjects.push(subject);
      expect(subjects).toEqual([claims.sub]);
      expect((await call("GET", `${app.url}/v1/messages`, { token })).status).toBe(200);
    },
  );

  it.each(cases)(
    "%s refuses it for another audience, and from another issuer",
    async (_name, heading, { claims, header }) => {
      const { issuer, name, app } = await startAt(heading);
      const own: JWTPayload = { scope: undefined, ...claims, iss: name };
      const answers = [{ aud: "another" }, { iss: `${name}x` }].map(async (change) => {
        const token = await issuer.token({ ...own, ...change }, { typ: undefined, ...header });
        return (await call("GET", `${app.url}/v1/registrations`, { token })).body.code;
      });
      expect(await Promise.all(answers)).toEqual([
        "ERR_QUICPIPE_TOKEN_AUDIENCE",
        "ERR_QUICPIPE_TOKEN_INVALID",
      ]);
    },
  );

  it("Entra refuses a machine's, which has roles in place of scopes", async () => {
    const { issuer, name, app } = await startAt("Entra");
    const { scp: _, ...claims } = accessTokens.Entra.claims;
    const own = { scope: undefined, ...claims, iss: name, roles: ["relay:register"] };
    const token = await issuer.token(own, accessTokens.Entra.header);
    const { body } = await call("GET", `${app.url}/v1/registrations`, { token });
    expect(body.code).toBe("ERR_QUICPIPE_SCOPE_MISSING");
  });
});
