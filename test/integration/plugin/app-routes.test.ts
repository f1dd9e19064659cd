import { tracingChannel } from "node:diagnostics_channel";
import { H3, type H3Event } from "h3";
import { type TracingRequestEvent, tracingPlugin } from "h3/tracing";
import { describe, expect, it, onTestFinished } from "vitest";
import type { QuicpipeOptions, Relay } from "../../../src/index.ts";
import { consoleRoutes } from "../../../src/plugin/console/routes.ts";
import { routes } from "../../../src/plugin/routes/api.ts";
import { createRelay } from "../harness/relay.ts";
import { secret, tokenFor } from "../harness/token.ts";

const auth = { secret };

function openRelay(options: QuicpipeOptions = {}): Relay {
  return createRelay({ auth, ...options });
}

/** Route and meta as h3 has them for a request. */
type Matched = readonly [string | undefined, unknown];

/** An app that notes what its router finds for each request. */
function watchedApp(): { readonly app: H3; readonly matched: Matched[] } {
  const matched: Matched[] = [];
  const note = ({ context: { matchedRoute } }: H3Event): void =>
    void matched.push([matchedRoute?.route, matchedRoute?.meta]);
  return { app: new H3({ silent: true }).use(note), matched };
}

describe("the relay's routes in an app's router", () => {
  it("have the operation of each as their meta", async () => {
    const { app, matched } = watchedApp();
    app.register(openRelay().plugin);
    await app.request("/v1/register", { method: "POST" });
    await app.request("/v1/registrations/some-id", { method: "DELETE" });
    await app.request("/v1/mailbox/bob", { method: "POST" });
    expect(matched).toEqual([
      ["/v1/register", { operationId: "register", summary: expect.stringMatching(/^Registers /) }],
      ["/v1/registrations/:id", { operationId: "endRegistration", summary: expect.stringMatching(/^Ends /) }],
      ["/v1/mailbox/:recipient", { operationId: "send", summary: expect.stringMatching(/^Leaves /) }],
    ]);
  });

  it("are all that the relay has, below the base path and in a mounted app", async () => {
    const { app, matched } = watchedApp();
    app.mount("/:tenant", new H3().register(openRelay({ basePath: "/base" }).plugin));
    const all = [
      ...routes.map(({ method, path }) => [method, `/base${path}`] as const),
      ...consoleRoutes
        .filter(({ path }) => path !== "/")
        .map(({ method, path }) => [method, `/base/relay${path}`] as const),
    ];
    for (const [method, path] of all) {
      const { status } = await app.request(`/acme${path.replaceAll(/\{\w+\}/g, "x")}`, { method });
      expect([method, path, status]).not.toEqual([method, path, 404]);
    }
    expect(matched.map(([route]) => route)).toEqual(
      all.map(([, path]) => `/:tenant${path.replaceAll(/\{(\w+)\}/g, ":$1")}`),
    );
  });

  it("are traced by h3/tracing under their operation", async () => {
    const traced: unknown[] = [];
    const subscriber = {
      start: (message: object) => {
        const { event, type } = message as TracingRequestEvent;
        traced.push([type, event.context.matchedRoute?.meta?.["operationId"]]);
      },
    };
    const channel = tracingChannel("h3.request");
    channel.subscribe(subscriber as never);
    onTestFinished(() => void channel.unsubscribe(subscriber as never));
    const app = new H3({ silent: true }).register(tracingPlugin()).register(openRelay().plugin);
    await app.request("/v1/registrations");
    expect(traced).toEqual([["route", "listRegistrations"]]);
  });

  it("refuse a slash after a path that has nothing below it, which h3 takes for the path", async () => {
    const app = new H3({ silent: true }).register(openRelay().plugin);
    const response = await app.request("/v1/stats/");
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ code: "ERR_QUICPIPE_NOT_FOUND" });
  });

  it("leave the console out where it is off", async () => {
    const { app, matched } = watchedApp();
    app.register(openRelay({ console: false }).plugin);
    await app.request("/relay");
    expect(matched).toEqual([[undefined, undefined]]);
  });
});

/** Requests whose answers have to be the same, however the relay came into the app. */
const asked = [
  ["GET", "/v1/registrations"],
  ["HEAD", "/v1/registrations"],
  ["OPTIONS", "/v1/registrations"],
  ["PUT", "/v1/register"],
  ["PATCH", "/v1/messages/some-id/take"],
  ["GET", "/v1/register/"],
  ["GET", "/v1/register/a/b/c"],
  ["DELETE", "/v1/registrations/a%2Fb"],
  ["GET", "/v1/mailbox//x"],
  ["POST", "/v1/openapi.json"],
  ["GET", "/v1/openapi.json"],
  ["GET", "/v1/openapi.json/x"],
  ["GET", "/v1/registers"],
  ["GET", "/v1/stats?limit=x"],
  ["GET", "/relay"],
  ["GET", "/relay/"],
  ["GET", "/relay/base.css"],
  ["GET", "/relay/nothing"],
  ["PUT", "/relay"],
  ["GET", "/hello"],
] as const;

it.each(asked)("a relay answers %s %s the same as a middleware and by its routes", async (method, path) => {
  const authorization = `Bearer ${await tokenFor("alice", { scope: "relay:register relay:admin" })}`;
  const answerOf = async (app: H3): Promise<unknown> => {
    const response = await app
      .get("/hello", () => "hello from the app")
      .request(path, { method, headers: { authorization } });
    return [response.status, [...response.headers], await response.text()];
  };
  const used = await answerOf(new H3({ silent: true }).use(openRelay()));
  expect(await answerOf(new H3({ silent: true }).register(openRelay().plugin))).toEqual(used);
});
