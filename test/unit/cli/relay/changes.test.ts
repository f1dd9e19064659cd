import { expect, it } from "vitest";
import { needRestart } from "../../../../src/cli/relay/changes.ts";
import type { RelayConfig } from "../../../../src/cli/relay/config.ts";

const before: RelayConfig = {
  options: { port: 4433, limits: { maxCids: 7, maxMessages: 8 }, xdp: "auto" },
  tls: { cert: "a", key: "b" },
  drainSeconds: 1,
};

it("what only a restart changes is named as in the config file", () => {
  const options = {
    port: 443,
    limits: { maxCids: 7, maxMessages: 9 },
    xdp: { pin: true },
    trustedProxies: [],
  };
  const after: RelayConfig = { ...before, options, metricsListen: "127.0.0.1:9464", tls: undefined };
  expect(needRestart(before, after)).toEqual([
    "port",
    "limits.maxMessages",
    "xdp",
    "metricsListen",
    "tls",
    "trustedProxies",
  ]);
});

it("nothing is named that can change, or that is the same", () => {
  const tls = { cert: "other.pem", key: "files.pem" };
  const after: RelayConfig = { ...before, tls, logLevel: "debug", logFormat: "json", drainSeconds: 30 };
  expect(needRestart(before, after)).toEqual([]);
  expect(
    needRestart(before, { ...before, options: { ...before.options, host: undefined } as never }),
  ).toEqual([]);
});
