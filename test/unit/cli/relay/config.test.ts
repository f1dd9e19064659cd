import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { RelayArgs } from "../../../../src/cli/relay/args.ts";
import { relayConfig } from "../../../../src/cli/relay/config.ts";

function configFile(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), "quicpipe-config-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "relay.json");
  writeFileSync(path, text);
  return path;
}

const invalid = expect.objectContaining({ code: "ERR_QUICPIPE_OPTION_INVALID" });

describe("the configuration of `quicpipe relay`", () => {
  it("is empty where nothing was said", () => {
    expect(relayConfig({})).toEqual({ options: {}, tls: undefined });
  });

  it("takes the command line before the file", () => {
    const config = configFile('{"port": 1, "stun": "public", "tls": {"cert": "a", "key": "b"}}');
    expect(relayConfig({ config, port: "443", "stun-port": "3478", cert: "c", key: "d" })).toEqual({
      options: { port: 443, stunPort: 3478, stun: "public" },
      tls: { cert: "c", key: "d" },
    });
  });

  it("adds to what the file says of the data plane", () => {
    const config = configFile('{"forwarder": {"backend": "dgram", "sourcePolicy": "any"}}');
    expect(relayConfig({ config, backend: "native", threads: "2" }).options.forwarder).toEqual({
      backend: "native",
      threads: 2,
      sourcePolicy: "any",
    });
  });

  it("takes the trusted proxies, none too, before those of the file", () => {
    const config = configFile('{"trustedProxies": ["192.0.2.1"]}');
    const proxiesOf = (args: RelayArgs): unknown => relayConfig({ config, ...args }).options.trustedProxies;
    expect(proxiesOf({})).toEqual(["192.0.2.1"]);
    expect(proxiesOf({ "trusted-proxies": "::1, 192.0.2.2" })).toEqual(["::1", "192.0.2.2"]);
    expect(proxiesOf({ "trusted-proxies": "" })).toEqual([]);
  });

  it("adds to what the file says of XDP, and takes the interfaces of the command line", () => {
    const config = configFile('{"xdp": {"interfaces": ["eth0"], "mode": "generic"}}');
    const xdpOf = (args: RelayArgs): unknown => relayConfig({ config, ...args }).options.xdp;
    expect(xdpOf({ xdp: "eth1,eth2" })).toEqual({ interfaces: ["eth1", "eth2"], mode: "generic" });
    expect(xdpOf({ xdp: "auto" })).toEqual({ interfaces: undefined, mode: "generic" });
    expect(xdpOf({ "xdp-pin": true })).toEqual({ interfaces: ["eth0"], mode: "generic", pin: true });
    expect(xdpOf({ xdp: "off" })).toBe("off");
    expect(relayConfig({ xdp: "auto", "xdp-pin": true }).options.xdp).toEqual({ pin: true });
  });

  it.each(["logger", "upstream"])("refuses what has no effect in the file: %s", (name) => {
    const config = configFile(JSON.stringify({ [name]: false }));
    expect(() => relayConfig({ config })).toThrow(invalid);
    expect(() => relayConfig({ config })).toThrow(`\`${name}\` in the config file has no effect`);
  });

  it("passes JWT options on together", () => {
    expect(relayConfig({ jwks: "https://a/jwks", issuer: "i", audience: "u" }).options.auth).toEqual({
      jwks: "https://a/jwks",
      issuer: "i",
      audience: "u",
    });
    expect(relayConfig({ issuer: "https://i", "key-grace": "60" }).options.auth).toEqual({
      issuer: "https://i",
      keyGraceMs: 60_000,
    });
  });

  it.each([
    ["an audience without keys", { audience: "u" }],
    ["a grace that is no number", { issuer: "https://i", "key-grace": "1d" }],
    ["no authentication together with an issuer", { auth: "none", issuer: "https://i" }],
    ["no authentication together with keys", { auth: "none", jwks: "https://a/jwks" }],
    ["a certificate without its key", { cert: "c" }],
    ["a pin without XDP", { xdp: "off", "xdp-pin": true }],
    ["a port that is no number", { port: "https" }],
    ["a second port that is the default of the first", { "stun-port": "4433" }],
  ])("refuses %s", (_, args) => {
    expect(() => relayConfig(args)).toThrow(invalid);
  });

  it.each(["abc", "-1", "3.5", "65536"])("says which numbers a port may be, for %s", (value) => {
    for (const name of ["port", "stun-port"] as const)
      expect(() => relayConfig({ [name]: value })).toThrow(
        `--${name} is "${value}", but must be a whole number from 0 to 65535`,
      );
  });

  it.each([
    [{ port: "45433", "stun-port": "45433" }, {}, "--stun-port and --port are both 45433"],
    [{ "stun-port": "45433" }, { port: 45_433 }, "--stun-port and `port` in the config file are both 45433"],
    [{ port: "45433" }, { stunPort: 45_433 }, "`stunPort` in the config file and --port are both 45433"],
    [{ "stun-port": "4433" }, {}, "--stun-port and the default of --port are both 4433"],
  ])("says who made the two ports the same: %j beside %j", (args, file, words) => {
    const config = configFile(JSON.stringify(file));
    expect(() => relayConfig({ ...args, config })).toThrow(words);
  });

  it("leaves two ports of the file to quicpipe(), and lets both take free ones", () => {
    const config = configFile('{"port": 45433, "stunPort": 45433}');
    expect(relayConfig({ config }).options).toEqual({ port: 45_433, stunPort: 45_433 });
    expect(relayConfig({ port: "0", "stun-port": "0" }).options).toEqual({ port: 0, stunPort: 0 });
  });

  it.each(["[]", "{", '"port"', '{"tls": {"cert": 1}}'])("refuses the file %s", (text) => {
    expect(() => relayConfig({ config: configFile(text) })).toThrow(invalid);
  });
});
