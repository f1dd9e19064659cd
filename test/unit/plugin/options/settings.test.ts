import { describe, expect, it, vi } from "vitest";
import * as defaults from "../../../../src/defaults/index.ts";
import type { QuicpipeOptions } from "../../../../src/index.ts";
import { type Environment, resolveSettings } from "../../../../src/plugin/options/settings.ts";

const secret = "x".repeat(32);

/** The error for options that the types would not allow. */
function refusal(options: unknown): unknown {
  try {
    return resolveSettings(options as QuicpipeOptions, {});
  } catch (error) {
    return error;
  }
}

function backendOf(environment: Environment, backend?: "dgram"): string {
  return resolveSettings(backend ? { forwarder: { backend } } : {}, environment).backend;
}

function pathFor(options: QuicpipeOptions): string | undefined {
  return resolveSettings(options, {}).consolePath;
}

function metricsPathFor(options: QuicpipeOptions): string | undefined {
  return resolveSettings(options, {}).metricsPath;
}

function healthPathFor(options: QuicpipeOptions): string | undefined {
  return resolveSettings(options, {}).healthPath;
}

describe("resolveSettings", () => {
  it("puts the console below the base path, or nowhere", () => {
    expect(pathFor({ basePath: "/api" })).toBe("/api/relay");
    expect(pathFor({ console: { path: "/admin/relay" } })).toBe("/admin/relay");
    expect(pathFor({ console: false })).toBeUndefined();
    for (const path of ["", "relay", "/relay/", "/a b"])
      expect(() => pathFor({ console: { path } })).toThrow(
        expect.objectContaining({ code: "ERR_QUICPIPE_OPTION_INVALID", details: { option: "console.path" } }),
      );
  });

  it("puts the probes below the base path and /v1, elsewhere or nowhere", () => {
    expect(healthPathFor({ basePath: "/api" })).toBe("/api/v1");
    expect(healthPathFor({ health: { path: "/probes" } })).toBe("/probes");
    expect(healthPathFor({ health: { path: "" } })).toBe("");
    expect(healthPathFor({ health: false })).toBeUndefined();
  });

  it("puts the metrics below the base path and /v1 where they are asked for, or elsewhere", () => {
    expect(metricsPathFor({ metrics: false })).toBeUndefined();
    expect(metricsPathFor({ basePath: "/api", metrics: true })).toBe("/api/v1");
    expect(metricsPathFor({ metrics: { path: "/figures" } })).toBe("/figures");
    expect(metricsPathFor({ metrics: { path: "" } })).toBe("");
  });

  it("fills in every default", () => {
    const { limits, logger, ...settings } = resolveSettings(undefined, {});
    expect(settings).toEqual({
      host: "::",
      invitations: true,
      port: defaults.port,
      upstream: undefined,
      trustedProxies: new Set(["127.0.0.1", "::1"]),
      publicAddress: undefined,
      stunPort: undefined,
      basePath: "",
      consolePath: "/relay",
      healthPath: "/v1",
      metricsPath: undefined,
      auth: "development",
      hooks: {},
      backend: "auto",
      threads: defaults.forwarderThreads,
      xdp: "auto",
      sourcePolicy: "registered",
      maxGatewayClients: defaults.maxGatewayClients,
      socketBufferBytes: defaults.socketBufferBytes,
      stun: "registered",
      telemetry: {},
    });
    const info = vi.spyOn(console, "info").mockReturnValue();
    logger.info("a line", { of: "text" });
    expect(info.mock.calls).toEqual([["a line { of: 'text' }"]]);
    info.mockRestore();
    expect(limits).toEqual({
      maxRegistrations: defaults.maxRegistrations,
      maxCids: defaults.maxCids,
      maxRegistrationsPerSubject: defaults.maxRegistrationsPerSubject,
      maxCidsPerSubject: defaults.maxCidsPerSubject,
      maxCidsPerRegistration: defaults.maxCidsPerRegistration,
      bytesPerSecond: defaults.bytesPerSecond,
      registrationTtlMs: defaults.registrationTtlMs,
      maxRegistrationTtlMs: defaults.maxRegistrationTtlMs,
      messageTtlMs: defaults.messageTtlMs,
      maxMessageTtlMs: defaults.maxMessageTtlMs,
      maxMessages: defaults.maxMessages,
      maxMessageBytes: defaults.maxMessageBytes,
      maxMessageBytesPerRecipient: defaults.maxMessageBytesPerRecipient,
      maxMessageBytesPerSender: defaults.maxMessageBytesPerSender,
      maxMessagesPerRecipient: defaults.maxMessagesPerRecipient,
      maxMessagesPerSender: defaults.maxMessagesPerSender,
      maxWaiters: defaults.maxWaiters,
      maxWaitersPerSubject: defaults.maxWaitersPerSubject,
      maxInvitations: defaults.maxInvitations,
      maxInvitationsPerSubject: defaults.maxInvitationsPerSubject,
      requestsPerMinute: defaults.requestsPerMinute,
    });
  });

  it("takes what is given", () => {
    const jwks = new URL("https://issuer.example/jwks.json");
    expect(
      resolveSettings(
        {
          host: "127.0.0.1",
          port: 0,
          upstream: { port: 4434 },
          trustedProxies: ["::FFFF:192.0.2.7", "2001:DB8::1"],
          publicAddress: "[2001:db8::1]:443",
          stunPort: 0,
          basePath: "/relay/x",
          auth: {
            jwks: jwks.href,
            issuer: "me",
            audience: ["a", "b"],
            algorithms: ["EdDSA"],
            clockTolerance: 0,
            keyGraceMs: 0,
          },
          limits: { maxCids: 7 },
          forwarder: { sourcePolicy: "any", backend: "native", threads: 4 },
          stun: "public",
          telemetry: { intervalMs: 60_000 },
          logger: false,
        },
        { NODE_ENV: "production" },
      ),
    ).toMatchObject({
      host: "127.0.0.1",
      port: 0,
      upstream: { address: "127.0.0.1", port: 4434 },
      trustedProxies: new Set(["192.0.2.7", "2001:db8::1"]),
      publicAddress: "[2001:db8::1]:443",
      stunPort: 0,
      basePath: "/relay/x",
      auth: {
        keys: { kind: "jwks", url: jwks },
        issuer: ["me"],
        audience: ["a", "b"],
        algorithms: ["EdDSA"],
        clockTolerance: 0,
        keyGraceMs: 0,
      },
      limits: { maxCids: 7, maxRegistrations: defaults.maxRegistrations },
      backend: "native",
      threads: 4,
      sourcePolicy: "any",
      stun: "public",
      telemetry: { intervalMs: 60_000 },
    });
  });

  it("accepts HS256 alone with a secret, and asymmetric algorithms alone with keys", () => {
    expect(resolveSettings({ auth: { secret } }, {}).auth).toMatchObject({ algorithms: ["HS256"] });
    const { auth } = resolveSettings({ auth: { jwks: { keys: [] } } }, {});
    expect(auth).toMatchObject({
      algorithms: expect.not.arrayContaining([expect.stringMatching(/^HS|none/)]),
    });
  });

  it("looks the keys up by the issuer's name where nothing else names them", () => {
    for (const issuer of ["https://issuer.example/realms/x/", ["http://127.0.0.1:8080"]])
      expect(resolveSettings({ auth: { issuer } }, {}).auth).toMatchObject({
        keys: { kind: "issuer", issuer: [issuer].flat()[0] },
        issuer: [issuer].flat(),
        keyGraceMs: defaults.keyGraceMs,
      });
    expect(resolveSettings({ auth: { secret, issuer: "me" } }, {}).auth).toMatchObject({
      keys: { kind: "secret" },
      issuer: ["me"],
    });
  });

  it.each([
    "http://127.0.0.1:1/jwks",
    "http://[::1]/jwks",
    "http://localhost:8080/jwks",
    "https://192.0.2.1/jwks",
  ])("takes keys from %s", (jwks) => {
    const { auth } = resolveSettings({ auth: { jwks } }, {});
    expect(auth).toMatchObject({ keys: { kind: "jwks", url: new URL(jwks) } });
  });

  it.each([
    ["quicpipe(…)", 7],
    ["prot", { prot: 1 }],
    ["host", { host: "localhost" }],
    ["port", { port: 65_536 }],
    ["port", { port: "4433" }],
    ["port", { port: 1.5 }],
    ["port", { port: Number.NaN }],
    ["upstream", { upstream: 4434 }],
    ["upstream.port", { upstream: {} }],
    ["upstream.port", { upstream: { port: 0 } }],
    ["upstream.host", { upstream: { host: "192.0.2.1", port: 1 } }],
    ["upstream.address", { upstream: { address: "127.0.0.1", port: 1 } }],
    ["trustedProxies", { trustedProxies: "127.0.0.1" }],
    ["trustedProxies", { trustedProxies: ["localhost"] }],
    ["trustedProxies", { trustedProxies: ["127.0.0.1", "127.1.0.1"] }],
    ["trustedProxies", { trustedProxies: ["::ffff:127.255.255.254"] }],
    ["publicAddress", { publicAddress: "relay.example.com" }],
    ["publicAddress", { publicAddress: "relay.example.com:0" }],
    ["stunPort", { stunPort: 65_536 }],
    ["stunPort", { stunPort: "4434" }],
    ["stunPort", { stunPort: null }],
    ["stunPort", { stunPort: defaults.port }],
    ["stunPort", { port: 443, stunPort: 443 }],
    ["basePath", { basePath: "relay" }],
    ["basePath", { basePath: "/relay/" }],
    ["basePath", { basePath: "/relay/.." }],
    ["basePath", { basePath: "/./relay" }],
    ["console.path", { console: { path: "/../relay" } }],
    ["health", { health: true }],
    ["health", { health: null }],
    ["metrics", { metrics: "yes" }],
    ["metrics", { metrics: null }],
    ["metrics.path", { metrics: { path: "metrics" } }],
    ["metrics.port", { metrics: { port: 9464 } }],
    ["health.path", { health: { path: "v1" } }],
    ["health.path", { health: { path: "/v1/" } }],
    ["auth", { auth: "jwt" }],
    ["auth", { auth: null }],
    ["auth", { auth: {} }],
    ["auth", { auth: { secret, jwks: { keys: [] } } }],
    ["auth.secret", { auth: { secret: "x".repeat(31) } }],
    ["auth.jwks", { auth: { jwks: "issuer.example" } }],
    ["auth.jwks", { auth: { jwks: "file:///etc/passwd" } }],
    ["auth.jwks", { auth: { jwks: {} } }],
    ["auth.jwks", { auth: { jwks: { keys: [7] } } }],
    ["auth.jwks", { auth: { jwks: "http://issuer.example/jwks" } }],
    ["auth.jwks", { auth: { jwks: new URL("http://192.0.2.1/jwks") } }],
    ["auth.jwks", { auth: { jwks: "http://127.0.0.1.example/jwks" } }],
    ["auth.jwks", { auth: { jwks: "https://user:password@issuer.example/jwks" } }],
    ["auth.issuer", { auth: { issuer: "http://issuer.example" } }],
    ["auth.issuer", { auth: { issuer: "me" } }],
    ["auth.issuer", { auth: { issuer: "https://issuer.example/?tenant=1" } }],
    ["auth.issuer", { auth: { issuer: ["https://a.example", "https://b.example"] } }],
    ["auth.keyGraceMs", { auth: { jwks: { keys: [] }, keyGraceMs: -1 } }],
    ["auth.keyGraceMs", { auth: { jwks: { keys: [] }, keyGraceMs: defaults.maxKeyGraceMs + 1 } }],
    ["auth.algorithms", { auth: { jwks: { keys: [] }, algorithms: ["HS256"] } }],
    ["auth.algorithms", { auth: { jwks: { keys: [] }, algorithms: ["none"] } }],
    ["auth.algorithms", { auth: { jwks: { keys: [] }, algorithms: [] } }],
    ["auth.algorithms", { auth: { secret, algorithms: ["HS256"] } }],
    ["auth.audience", { auth: { secret, audience: "" } }],
    ["auth.clockTolerance", { auth: { secret, clockTolerance: -1 } }],
    ["auth.key", { auth: { key: secret } }],
    ["limits.maxCids", { limits: { maxCids: 0 } }],
    ["limits.maxCidsPerRegistration", { limits: { maxCidsPerRegistration: 65_537 } }],
    ["limits.registrationTtlMs", { limits: { registrationTtlMs: 9_999 } }],
    ["limits.messageTtlMs", { limits: { messageTtlMs: Infinity } }],
    ["limits.maxMessageBytes", { limits: { maxMessageBytes: 16_383 } }],
    ["limits.maxMessageBytesPerSender", { limits: { maxMessageBytesPerSender: 0 } }],
    ["limits.maxSessions", { limits: { maxSessions: 1 } }],
    ["forwarder.sourcePolicy", { forwarder: { sourcePolicy: "all" } }],
    ["forwarder.backend", { forwarder: { backend: "xdp" } }],
    ["forwarder.threads", { forwarder: { threads: 0 } }],
    ["forwarder.threads", { forwarder: { threads: 65 } }],
    ["forwarder.threads", { forwarder: { threads: 2, backend: "dgram" } }],
    ["forwarder.maxGatewayClients", { forwarder: { maxGatewayClients: 0 } }],
    ["forwarder.socketBufferBytes", { forwarder: { socketBufferBytes: 1 } }],
    ["forwarder.xdp", { forwarder: { xdp: "auto" } }],
    ["stun", { stun: true }],
    ["logger", { logger: true }],
    ["logger", { logger: { info: console.info } }],
    ["telemetry", { telemetry: true }],
    ["telemetry.everyMs", { telemetry: { everyMs: 60_000 } }],
    ["telemetry.intervalMs", { telemetry: { intervalMs: defaults.minTelemetryIntervalMs - 1 } }],
  ])("names the option %s in what it refuses: %j", (option, options) => {
    const error = refusal(options);
    expect(error).toMatchObject({ code: "ERR_QUICPIPE_OPTION_INVALID" });
    expect(String(error)).toMatch(
      option === "auth"
        ? /option auth /
        : new RegExp(`option ${option.replaceAll(/[.()]/g, String.raw`\$&`)} (?:is|holds) `),
    );
  });

  it("shows the text that it refuses, unless that may be a secret", () => {
    expect(String(refusal({ host: "localhost" }))).toContain(
      'host is "localhost", but must be an IP literal',
    );
    expect(String(refusal({ host: "x".repeat(200) }))).toContain(`"${"x".repeat(100)}…", but`);
    for (const auth of [{ secret: "too short" }, { jwks: "http://me:too short@issuer.example" }, "too short"])
      expect(String(refusal({ auth: auth as never }))).not.toContain("too short");
  });

  it.each([
    [{ port: "4433" }, 'option port is "4433", but must be a whole number from 0 to 65535'],
    [
      { trustedProxies: "10.0.0.1" },
      'option trustedProxies is "10.0.0.1", but must be a list of IP literals',
    ],
    [{ console: "/x" }, 'option console is "/x", but must be false or an object with path'],
    [{ console: true }, "option console is true, but must be false or an object with path"],
    [{ auth: { jwks: "x" } }, 'option auth.jwks is "x", but must be an https: URL'],
    [{ auth: { jwks: "me:secret@issuer" } }, "option auth.jwks is a string that does not fit"],
    [{ logger: null }, "option logger is null, but must be false or an object with the methods"],
  ])("says what was given and what to give: %j", (options, message) => {
    expect(String(refusal(options))).toContain(message);
  });

  it("lets the environment choose the backend where no option does", () => {
    expect(backendOf({ QUICPIPE_BACKEND: "native" })).toBe("native");
    expect(backendOf({ QUICPIPE_BACKEND: "native" }, "dgram")).toBe("dgram");
    expect(backendOf({ QUICPIPE_BACKEND: "" })).toBe("auto");
    expect(() => backendOf({ QUICPIPE_BACKEND: "xdp" })).toThrow(
      /^option QUICPIPE_BACKEND is .* "auto", "dgram", "native"$/,
    );
  });

  it("never shows what may be a secret", () => {
    expect(String(refusal({ auth: { secret: "hunter2" } }))).not.toContain("hunter2");
  });

  it("wants a decision about auth in production", () => {
    const required: unknown = expect.objectContaining({ code: "ERR_QUICPIPE_AUTH_REQUIRED" });
    expect(() => resolveSettings({}, { NODE_ENV: "production" })).toThrow(required);
    expect(resolveSettings({ auth: "none" }, { NODE_ENV: "production" }).auth).toBe("none");
  });
});
