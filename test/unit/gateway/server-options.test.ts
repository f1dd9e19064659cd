import { beforeAll, describe, expect, it } from "vitest";
import { createCertificate } from "../../../src/files/certificate.ts";
import { Budget, serve, serveHttp2, serveHttp3 } from "../../../src/gateway/index.ts";

const app = { fetch: (): Response => new Response() };
const relay = { listen: () => expect.unreachable("nothing is opened") };
let tls: { key: string; cert: string };

beforeAll(async () => {
  const { certificate, privateKey } = await createCertificate({ name: "test", hosts: ["localhost"] });
  tls = { key: privateKey, cert: certificate };
});

/** A function that takes an app and options of any kind, as JavaScript lets it be called. */
type Start = (app: unknown, options: unknown) => Promise<unknown>;

async function refused(start: unknown, given: unknown, options: unknown): Promise<unknown> {
  return await (start as Start)(given, options).then(
    () => "it starts",
    (error: unknown) => error,
  );
}

function invalid(option: string): object {
  return expect.objectContaining({ code: "ERR_QUICPIPE_OPTION_INVALID", details: { option } });
}

describe("serve() refuses an option by its name:", () => {
  it.each([
    ["maxConection", { maxConection: 5 }],
    ["auth", { auth: "none" }],
    ["port", { port: 8443 }],
    ["tcp", { tcp: "no" }],
    ["relay", { relay: undefined }],
    ["relay", { relay: null }],
    ["relay", { relay: {} }],
    ["relay", { relay: "relay" }],
    ["tls.cert", { tls: undefined }],
    ["tls.cert", { tls: {} }],
    ["tls.privateKey", { tls: { privateKey: "", certificate: "" } }],
    ["budget", { budget: {} }],
  ])("%s", async (option, wrong) => {
    expect(await refused(serve, app, { relay, tls, ...wrong })).toEqual(invalid(option));
  });

  it("also where there are none at all", async () => {
    expect(await refused(serve, app, undefined)).toEqual(invalid("relay"));
    expect(await refused(serve, undefined, { relay, tls })).toEqual(invalid("app"));
  });
});

describe.each([
  ["serveHttp3", serveHttp3],
  ["serveHttp2", serveHttp2],
])("%s() refuses an option by its name:", (name, start) => {
  it.each([
    ["prot", { prot: 1 }],
    ["port", { port: 65_536 }],
    ["port", { port: "4433" }],
    ["port", { port: -1 }],
    ["host", { host: "" }],
    ["host", { host: 5 }],
    ["logger", { logger: true }],
    ["logger", { logger: null }],
    ["budget", { budget: {} }],
    ["maxConnections", { maxConnections: 0 }],
    ["connectionsPerSecond", { connectionsPerSecond: "many" }],
    ["cert", { cert: undefined }],
    ["key", { key: undefined }],
  ])("%s %o", async (option, wrong) => {
    expect(await refused(start, app, { ...tls, ...wrong })).toEqual(invalid(option));
  });

  it("also where there are none at all, and no app", async () => {
    expect(await refused(start, app, undefined)).toEqual(invalid("cert"));
    expect(await refused(start, () => new Response(), tls)).toEqual(invalid("app"));
  });

  it("also of the other server", async () => {
    const [option, value] = name === "serveHttp3" ? ["http3Port", 443] : ["sourceOf", () => undefined];
    expect(await refused(start, app, { ...tls, [option as string]: value })).toEqual(
      invalid(option as string),
    );
  });
});

it.each([
  ["http3Port", { http3Port: 0 }],
  ["http3Port", { http3Port: 65_536 }],
  ["http3Host", { http3Host: "" }],
  ["idleTimeoutMs", { idleTimeoutMs: 1.5 }],
])("serveHttp2() advertises no %s of %o", async (option, wrong) => {
  expect(await refused(serveHttp2, app, { ...tls, ...wrong })).toEqual(invalid(option));
});

it("serveHttp3() takes a function alone as sourceOf", async () => {
  expect(await refused(serveHttp3, app, { ...tls, sourceOf: "127.0.0.1" })).toEqual(invalid("sourceOf"));
});

describe("the limits of a budget", () => {
  it.each([
    ["maxBites", { maxBites: 1 }],
    ["maxBytes", { maxBytes: 0 }],
    ["maxBytes", { maxBytes: "1" }],
    ["maxConnectionsPerSource", { maxConnectionsPerSource: 1.5 }],
    ["maxOutboxBytes", { maxOutboxBytes: Infinity }],
  ])("are refused by name: %s %o", (option, wrong) => {
    expect(() => new Budget(wrong as object)).toThrow(invalid(option) as Error);
  });

  it("have defaults", () => {
    expect(new Budget({ maxBytes: 5 }).limits).toEqual({ ...new Budget().limits, maxBytes: 5 });
  });
});
