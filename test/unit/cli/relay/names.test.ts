import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { relayArgs } from "../../../../src/cli/relay/args.ts";
import { type RelayConfig, relayConfig } from "../../../../src/cli/relay/config.ts";
import { withEnvironment } from "../../../../src/cli/relay/environment.ts";
import { configKeys, environmentNameOf, flagsOf } from "../../../../src/cli/relay/names.ts";
import { temporaryFolder } from "../../../integration/harness/folder.ts";

type Flag = keyof typeof configKeys;

/** A value of each option: as text of a flag and a variable, and as JSON of the config file. */
const values: Readonly<Record<Flag, readonly [text: string, json: unknown]>> = {
  host: ["192.0.2.1", "192.0.2.1"],
  port: ["443", 443],
  "stun-port": ["3478", 3478],
  "trusted-proxies": ["192.0.2.1,::1", ["192.0.2.1", "::1"]],
  "public-address": ["relay.example:443", "relay.example:443"],
  "base-path": ["/relay", "/relay"],
  cert: ["a.pem", "a.pem"],
  key: ["b.pem", "b.pem"],
  jwks: ["https://issuer.example/keys", "https://issuer.example/keys"],
  issuer: ["https://issuer.example", "https://issuer.example"],
  audience: ["quicpipe", "quicpipe"],
  "key-grace": ["60", 60_000],
  auth: ["none", "none"],
  stun: ["public", "public"],
  backend: ["dgram", "dgram"],
  threads: ["2", 2],
  xdp: ["eth0,eth1", ["eth0", "eth1"]],
  "xdp-pin": ["true", true],
  forwarder: ['{"maxGatewayClients":7}', { maxGatewayClients: 7 }],
  limits: ['{"maxCids":7}', { maxCids: 7 }],
  invitations: ["false", false],
  console: ["false", false],
  health: ['{"path":"/x"}', { path: "/x" }],
  telemetry: ["false", false],
  metrics: ["true", true],
  "metrics-listen": ["127.0.0.1:9464", "127.0.0.1:9464"],
  "log-format": ["json", "json"],
  "log-level": ["debug", "debug"],
  drain: ["30", 30],
};

/** Options that one alone is refused without. */
const companions: Readonly<Partial<Record<Flag, Flag>>> = {
  cert: "key",
  key: "cert",
  audience: "jwks",
  "key-grace": "jwks",
};

const flags = Object.keys(configKeys) as Flag[];

function withCompanion(flag: Flag): Flag[] {
  const companion = companions[flag];
  return companion === undefined ? [flag] : [flag, companion];
}

/** The configuration that such a config file gives. */
function fromFile(flag: Flag): RelayConfig {
  const file: Record<string, unknown> = {};
  for (const each of withCompanion(flag)) {
    const [top, member] = configKeys[each].split(".") as [string, string?];
    if (member === undefined) file[top] = values[each][1];
    else file[top] = { ...(file[top] as object), [member]: values[each][1] };
  }
  const config = join(temporaryFolder(), "relay.json");
  writeFileSync(config, JSON.stringify(file));
  return relayConfig({ config });
}

describe("every option of quicpipe relay but --config and --check", () => {
  it("has a name in the config file", () => {
    expect([...flags, "config", "check"].toSorted()).toEqual(Object.keys(relayArgs).toSorted());
    expect(Object.keys(values)).toEqual(flags);
  });

  it.each(flags)("does the same as a flag, in the config file and by environment: %s", (flag) => {
    const given = withCompanion(flag).map((each) => [each, values[each][0]] as const);
    const isBoolean = relayArgs[flag].type === "boolean";
    const expected = relayConfig(isBoolean ? { [flag]: true } : Object.fromEntries(given));
    const variables = Object.fromEntries(given.map(([each, text]) => [environmentNameOf(each), text]));
    expect(relayConfig(withEnvironment({}, variables).args)).toEqual(expected);
    expect(fromFile(flag)).toEqual(expected);
    expect(expected).not.toEqual(relayConfig({}));
  });
});

it("an option of quicpipe() is found by the flags that can have given it", () => {
  expect(flagsOf("stunPort")).toEqual(["stun-port"]);
  expect(flagsOf("trustedProxies[2]")).toEqual(["trusted-proxies"]);
  expect(flagsOf("forwarder.threads")).toEqual(["threads", "forwarder"]);
  expect(flagsOf("limits.maxCids")).toEqual(["limits"]);
  expect(flagsOf("hooks")).toEqual([]);
});
