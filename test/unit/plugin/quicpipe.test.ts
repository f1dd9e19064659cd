import { H3 } from "h3";
import { describe, expect, it } from "vitest";
import { quicpipe } from "../../../src/index.ts";

/** Asks an app, and returns the cause of its 500. */
async function faultOf(prepare: (app: H3) => void): Promise<unknown> {
  let fault: unknown;
  const app = new H3({ silent: true, onError: ({ cause }) => void (fault = cause) });
  prepare(app);
  expect((await app.request("/")).status).toBe(500);
  return fault;
}

const relay = quicpipe({ auth: "none", logger: false });
const invalid = { code: "ERR_QUICPIPE_OPTION_INVALID" };

describe("a slip with h3 is answered by what to write", () => {
  it("where quicpipe itself is the middleware", async () => {
    expect(await faultOf((app) => app.use(quicpipe as never))).toMatchObject({
      ...invalid,
      message: "quicpipe is called once, when the app is made: app.use(quicpipe())",
    });
    expect(() => new H3().register(quicpipe as never)).toThrow("app.use(quicpipe())");
  });

  it("where the plugin is the middleware", async () => {
    expect(await faultOf((app) => app.use(relay.plugin as never))).toMatchObject({
      ...invalid,
      message: "relay.plugin is no middleware: app.register(relay.plugin), or app.use(relay)",
    });
  });

  it("where the middleware is the plugin", () => {
    expect(() => new H3().register(relay as never)).toThrow(
      "a relay is middleware: app.use(relay), or else app.register(relay.plugin)",
    );
  });
});

describe("the handle of a relay refuses an option by its name:", () => {
  it.each([
    ["prot", () => relay.listen({ prot: 1 } as never)],
    ["upstream.prot", () => relay.listen({ upstream: { prot: 1 } } as never)],
    ["grace", () => relay.close({ grace: 1 } as never)],
    ["graceMs", () => relay.close({ graceMs: -1 })],
    ["graceMs", () => relay.close({ graceMs: Infinity })],
    ["close(…)", () => relay.close("SIGTERM" as never)],
    ["limit", () => Array.fromAsync(relay.registrations({ limit: 5 } as never))],
  ])("%s", async (option, call) => {
    await expect(call()).rejects.toMatchObject({ ...invalid, details: { option } });
  });

  it("upstream, where quicpipe() has one already, and what to do", async () => {
    const own = quicpipe({ upstream: { port: 9 }, auth: "none", logger: false });
    await expect(own.listen({ upstream: { port: 9 } })).rejects.toThrow(
      "leave out the option upstream of quicpipe(): listen() gets one, as serve() does it",
    );
  });
});
