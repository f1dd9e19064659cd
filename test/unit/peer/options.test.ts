import { describe, expect, it } from "vitest";
import * as defaults from "../../../src/defaults/index.ts";
import { type PeerOptions, resolveSettings } from "../../../src/peer/options.ts";

const relay = "https://127.0.0.1:4433";

describe("a peer's options", () => {
  it("have defaults", async () => {
    const settings = await resolveSettings({ relay });
    expect(settings).toMatchObject({
      authority: "127.0.0.1:4433",
      relay: { address: "127.0.0.1", port: 4433 },
      basePath: "",
      alpn: ["quicpipe"],
      host: "::",
      direct: "auto",
      portMapping: "auto",
      birthdaySearch: false,
      port: 0,
      maxUdpPayloadBytes: 1452,
      idleTimeoutMs: 30_000,
      keepaliveMs: 15_000,
      cidsPerConnection: defaults.cidsPerConnection,
    });
    expect(await settings.token()).toBe("");
  });

  it("take the relay's port, path and address family from its URL", async () => {
    expect(await resolveSettings({ relay: "https://[::1]/relay/" })).toMatchObject({
      authority: "[::1]",
      relay: { address: "::1", port: 443 },
      basePath: "/relay",
      host: "::",
    });
  });

  it.each(["http://localhost:3000/relay", "http://127.0.0.1:3000/relay", "http://[::1]:3000/relay"])(
    "take a relay on this machine without TLS: %s",
    async (url) => {
      expect(await resolveSettings({ relay: url })).toMatchObject({ transport: "tcp", basePath: "/relay" });
      const { relay: server, addresses } = await resolveSettings({ relay: url });
      expect(server.port).toBe(3000);
      // Whatever a resolver says of `localhost`.
      for (const address of addresses) expect(["127.0.0.1", "::1"]).toContain(address);
      expect((await resolveSettings({ relay })).transport).toBe("http3");
    },
  );

  it("take a token or what gives one", async () => {
    expect(await (await resolveSettings({ relay, token: "a" })).token()).toBe("a");
    expect(await (await resolveSettings({ relay, token: async () => "b" })).token()).toBe("b");
  });

  it.each([
    ["relay", { relay: "http://relay.example" }],
    ["relay", { relay: "relay.example:4433" }],
    ["relay", { relay: undefined }],
    ["token", { token: 5 }],
    ["token", { token: "" }],
    ["token", { token: undefined }],
    ["identity", { identity: undefined }],
    ["identity", { identity: "identity.pem" }],
    ["identity", { identity: null }],
    ["trust", { trust: undefined }],
    ["host", { host: "localhost" }],
    ["telemetry", { telemetry: "no" }],
    ["birthdaySearch", { birthdaySearch: "yes" }],
    ["onError", { onError: {} }],
    ["port", { port: 65_536 }],
    ["maxUdpPayloadBytes", { maxUdpPayloadBytes: 1199 }],
    ["maxUdpPayloadBytes", { maxUdpPayloadBytes: 1473 }],
    ["idleTimeoutMs", { idleTimeoutMs: 999 }],
    ["keepaliveMs", { keepaliveMs: 1.5 }],
    ["cidsPerConnection", { cidsPerConnection: 3 }],
    ["alpn", { alpn: "" }],
    ["alpn", { alpn: [] }],
    ["alpn", { alpn: ["one", 2] }],
    ["alpn", { alpn: "é".repeat(128) }],
    ["bogus", { bogus: 1 }],
    ["basePath", { basePath: "/other" }],
    ["listen", { listen: true }],
    ["timeoutMs", { timeoutMs: 1000 }],
    ["relayCa", { relayCa: "nonsense" }],
    ["relayCa", { relayCa: "" }],
    ["relayCa", { relayCa: undefined }],
    ["relayCa", { relay: "http://localhost:3000", relayCa: "insecure" }],
  ])("are refused by name: %s %o", async (option, wrong) => {
    await expect(resolveSettings({ relay, ...wrong } as PeerOptions)).rejects.toMatchObject({
      code: "ERR_QUICPIPE_OPTION_INVALID",
      details: { option },
    });
  });

  it("are refused where there are none", async () => {
    await expect(resolveSettings(undefined as never)).rejects.toThrow(
      /^option relay is undefined, but must be/,
    );
  });

  it("show no token and no identity where they refuse one", async () => {
    const wrong = { relay, identity: "-----BEGIN PRIVATE KEY-----" } as never;
    await expect(resolveSettings(wrong)).rejects.not.toThrow(/PRIVATE/);
  });

  it("say so where the relay's name has no address", async () => {
    await expect(resolveSettings({ relay: "https://nowhere.invalid" })).rejects.toMatchObject({
      code: "ERR_QUICPIPE_RELAY_UNREACHABLE",
    });
  });
});
