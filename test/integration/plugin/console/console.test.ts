import { describe, expect, it } from "vitest";
import { maxCookieTokenBytes } from "../../../../src/defaults/index.ts";
import { consoleRoutes } from "../../../../src/plugin/console/routes.ts";
import { type Answer, call, type CallOptions, type RelayApp, serveRelay } from "../../harness/relay-app.ts";
import { adminToken, secret, tokenFor } from "../../harness/token.ts";

const auth = { secret };
const sameOrigin = { "sec-fetch-site": "same-origin" };
const form = "application/x-www-form-urlencoded";

/** Requests that are not for the public parts: method and path. */
const closedRoutes = consoleRoutes
  .filter(({ scope }) => scope !== null)
  .map(({ method, path }) => [method, path.replace("{id}", "some-id")] as const);

async function signIn(app: RelayApp, token: string, headers: object = sameOrigin): Promise<Response> {
  return fetch(`${app.url}/relay/session`, {
    method: "POST",
    headers: { "content-type": form, ...headers },
    body: new URLSearchParams({ token }),
    redirect: "manual",
  });
}

function cookieOf(response: Response): string {
  return response.headers.get("set-cookie")!.split(";", 1)[0]!;
}

describe("the console's routes", () => {
  it("are closed but for what the sign-in page is made of", () => {
    const open = consoleRoutes
      .filter(({ scope }) => scope === null)
      .map(({ method, path }) => [method, path]);
    expect(open).toEqual([
      ["GET", "/"],
      ["GET", "/session"],
      ["POST", "/session"],
      ["GET", "/base.css"],
      ["GET", "/icon.svg"],
    ]);
    expect(closedRoutes.length).toBeGreaterThan(15);
  });

  it.each(closedRoutes)(
    "refuse %s %s without a token, and with one that lacks relay:admin",
    async (method, path) => {
      const app = await serveRelay({ auth });
      const answer = (options: CallOptions): Promise<Answer> =>
        call(method, `${app.url}/relay${path}`, {
          ...options,
          headers: { ...sameOrigin, ...options.headers },
        });
      const token = await tokenFor("alice", { scope: "relay:register mailbox:send mailbox:receive" });
      const cookie = `__Secure-quicpipe=${token}`;
      const refused = [await answer({}), await answer({ token }), await answer({ headers: { cookie } })];
      expect(refused.map(({ status }) => status)).toEqual([401, 403, 403]);
      expect(refused[0]!.headers.get("www-authenticate")).toBe('Bearer realm="quicpipe"');
      // What is revoked does not exist.
      const { status, body } = await fetch(`${app.url}/relay${path}`, {
        method,
        headers: { ...sameOrigin, accept: "text/html", authorization: `Bearer ${await adminToken()}` },
      });
      await body?.cancel();
      expect(status).toBe(path.startsWith("/registrations") ? 404 : method === "GET" ? 200 : 204);
    },
  );

  it("answer no client where all are anonymous", async () => {
    const app = await serveRelay({ auth: "none" });
    expect((await fetch(`${app.url}/relay`)).status).toBe(403);
  });

  it("are the app's own where the console is off, and elsewhere where it was moved", async () => {
    const off = await serveRelay({ auth, console: false });
    expect((await fetch(`${off.url}/relay`)).headers.get("www-authenticate")).toBeNull();
    const moved = await serveRelay({ auth, basePath: "/api", console: { path: "/admin" } });
    expect((await fetch(`${moved.url}/relay`)).status).toBe(404);
    const page = await fetch(`${moved.url}/api/admin`, {
      headers: { authorization: `Bearer ${await adminToken()}` },
    });
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('src="admin/main.js"');
  });

  it("send every answer, refusals too, with the policy for browsers", async () => {
    const app = await serveRelay({ auth });
    for (const path of ["", "/", "/base.css", "/stats", "/nothing"]) {
      const { headers } = await fetch(`${app.url}/relay${path}`, { redirect: "manual" });
      expect(headers.get("content-security-policy")).toMatch(/^default-src 'none'; script-src 'self'/);
      expect(headers.get("x-content-type-options")).toBe("nosniff");
    }
  });

  it("lead from the path with a slash at its end to the one without", async () => {
    const app = await serveRelay({ auth });
    const { status, headers } = await fetch(`${app.url}/relay/`, { redirect: "manual" });
    expect([status, headers.get("location")]).toEqual([308, "../relay"]);
  });

  it("send a file again only if it has changed", async () => {
    const app = await serveRelay({ auth });
    const first = await fetch(`${app.url}/relay/base.css`);
    const headers = { "if-none-match": first.headers.get("etag")! };
    const again = await fetch(`${app.url}/relay/base.css`, { headers });
    expect([again.status, await again.text()]).toEqual([304, ""]);
  });
});

describe("signing in to the console", () => {
  it("gives a cookie for as long as the token is valid, which opens the console", async () => {
    const app = await serveRelay({ auth });
    const exp = Math.floor(Date.now() / 1000) + 600;
    const response = await signIn(app, ` ${await adminToken({ exp })}\n`);
    expect([response.status, response.headers.get("location")]).toEqual([303, "../relay"]);
    const [, path, maxAge, ...flags] = response.headers.get("set-cookie")!.split("; ");
    expect([path, ...flags]).toEqual(["Path=/relay", "HttpOnly", "Secure", "SameSite=Strict"]);
    const lifeSeconds = Number(maxAge!.replace("Max-Age=", ""));
    // The clocks may differ by 5 s.
    const leftSeconds = exp - Math.floor(Date.now() / 1000);
    expect(lifeSeconds).toBeGreaterThanOrEqual(leftSeconds);
    expect(lifeSeconds).toBeLessThanOrEqual(605);
    const page = await fetch(`${app.url}/relay`, { headers: { cookie: cookieOf(response) } });
    expect([page.status, page.headers.get("cache-control")]).toEqual([200, "no-store"]);
  });

  it.each([
    ["no token", () => "", 401, "has no token"],
    ["a token that is none", () => "<script>alert(1)</script>", 401, "is no JWT"],
    ["an expired one", () => adminToken({ exp: 1 }), 401, "has expired"],
    ["one without the scope", () => tokenFor("alice"), 403, "you lack the scope relay:admin"],
    ["one that no cookie holds", () => "a".repeat(maxCookieTokenBytes + 1), 413, "4006 bytes"],
  ])("is refused with %s, on the page that asks for another", async (_, token, status, words) => {
    const app = await serveRelay({ auth });
    const response = await signIn(app, await token());
    expect([response.status, response.headers.get("set-cookie")]).toEqual([status, null]);
    expect(await response.text()).toMatch(new RegExp(`role="alert">[^<]*${words}`));
  });

  it.each([
    ["no app's user", null],
    ["an app's user without the scope", { subject: "alice", scopes: [] }],
    ["an app's user whose time is over", { subject: "alice", scopes: [], expiresAtMs: 1 }],
  ])("begins with a plain page for %s, and complains of a token that fails", async (_, known) => {
    const app = await serveRelay({ auth: () => known });
    const complaintAt = async (headers: Record<string, string>): Promise<string> =>
      /role="alert">([^<]*)</.exec(await (await fetch(`${app.url}/relay`, { headers })).text())![1]!;
    expect(await complaintAt({})).toBe("");
    expect(await complaintAt({ cookie: "session=1", authorization: "Basic YTpi" })).toBe("");
    expect(await complaintAt({ cookie: "__Secure-quicpipe=t" })).not.toBe("");
    expect(await complaintAt({ authorization: "Bearer t" })).not.toBe("");
    expect(await (await signIn(app, "t")).text()).toMatch(/role="alert">[^<]+</);
  });

  it("complains on the first visit to a relay that does not run", async () => {
    const app = await serveRelay({ auth });
    await app.relay.close();
    const page = await (await fetch(`${app.url}/relay`)).text();
    expect(page).toMatch(/role="alert">the relay was closed</);
  });

  it("begins anew where the page that refused it is loaded again", async () => {
    const app = await serveRelay({ auth });
    const again = await fetch(`${app.url}/relay/session`, { redirect: "manual" });
    expect([again.status, again.headers.get("location")]).toEqual([303, "../relay"]);
  });

  it("is for the form of the page alone", async () => {
    const app = await serveRelay({ auth });
    const token = await adminToken();
    expect((await signIn(app, token, { "sec-fetch-site": "cross-site" })).status).toBe(403);
    expect((await signIn(app, token, { origin: "https://evil.example" })).status).toBe(403);
    expect((await signIn(app, token, {})).status).toBe(403);
    expect((await signIn(app, token, { origin: app.url })).status).toBe(303);
    const typed = await signIn(app, token, { ...sameOrigin, "content-type": "text/plain" });
    expect(typed.status).toBe(415);
    expect(app.relay.stats().refused.ERR_QUICPIPE_ORIGIN_FORBIDDEN).toBe(3);
  });

  it("ends by signing out, or with the token", async () => {
    const app = await serveRelay({ auth });
    const cookie = cookieOf(await signIn(app, await adminToken()));
    const out = await fetch(`${app.url}/relay/session`, {
      method: "DELETE",
      headers: { cookie, ...sameOrigin },
    });
    expect([out.status, out.headers.get("set-cookie")]).toEqual([
      204,
      "__Secure-quicpipe=; Path=/relay; Max-Age=0; HttpOnly; Secure; SameSite=Strict",
    ]);
    const expired = `__Secure-quicpipe=${await adminToken({ exp: 1 })}`;
    expect((await fetch(`${app.url}/relay`, { headers: { cookie: expired } })).status).toBe(401);
  });
});

describe("ending a session through the console", () => {
  it("takes a request of its own pages, and no other", async () => {
    const app = await serveRelay({ auth });
    const { body } = await call("POST", `${app.url}/v1/register`, {
      token: await tokenFor("bob"),
      body: { key: Buffer.alloc(32, 1).toString("base64"), num: 4 },
    });
    const cookie = cookieOf(await signIn(app, await adminToken()));
    const end = async (headers: Record<string, string>): Promise<number> =>
      (await fetch(`${app.url}/relay/registrations/${body.id}`, { method: "DELETE", headers })).status;
    expect(await end({ cookie })).toBe(403);
    expect(await end({ cookie, "sec-fetch-site": "cross-site" })).toBe(403);
    expect(await end({ cookie, origin: "https://evil.example" })).toBe(403);
    expect(app.relay.stats().registrations).toBe(1);
    expect(await end({ cookie, ...sameOrigin })).toBe(204);
    expect(app.relay.stats().registrations).toBe(0);
  });

  it("is not what the cookie opens in the interface for programs", async () => {
    const app = await serveRelay({ auth });
    const cookie = cookieOf(await signIn(app, await adminToken()));
    expect((await fetch(`${app.url}/v1/stats`, { headers: { cookie } })).status).toBe(401);
  });
});
