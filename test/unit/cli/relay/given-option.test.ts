import { describe, expect, it } from "vitest";
import type { RelayArgs } from "../../../../src/cli/relay/args.ts";
import { type GivenArgs, withEnvironment } from "../../../../src/cli/relay/environment.ts";
import { asGiven } from "../../../../src/cli/relay/given-option.ts";
import { QuicpipeError } from "../../../../src/errors.ts";
import { optionError, optionInvalid } from "../../../../src/option-checks.ts";

const taken = new QuicpipeError(
  "ERR_QUICPIPE_LISTEN_FAILED",
  "cannot listen on UDP [::]:3478 (`stunPort`, EADDRINUSE): another socket holds the port",
  { details: { host: "::", port: 3478, system: "EADDRINUSE", option: "stunPort" } },
);

function given(args: RelayArgs, environment: NodeJS.ProcessEnv = {}): GivenArgs {
  return withEnvironment(args, environment);
}

describe("an error about an option of `quicpipe relay`", () => {
  it("names the flag that gave a wrong value", () => {
    expect(
      asGiven(optionInvalid("publicAddress", "x", "host:port"), given({ "public-address": "x" })),
    ).toMatchObject({
      message: '--public-address is "x", but must be host:port',
      details: { option: "--public-address" },
    });
  });

  it("names the config file where that gave it", () => {
    expect(
      asGiven(optionInvalid("publicAddress", "x", "host:port"), given({ config: "relay.json" })),
    ).toMatchObject({
      message: 'relay.json: option publicAddress is "x", but must be host:port',
    });
  });

  it("names the flag whose port cannot be bound, in message and details", () => {
    expect(asGiven(taken, given({ "stun-port": "3478" }))).toMatchObject({
      code: "ERR_QUICPIPE_LISTEN_FAILED",
      message: "cannot listen on UDP [::]:3478 (--stun-port, EADDRINUSE): another socket holds the port",
      details: { host: "::", port: 3478, system: "EADDRINUSE", option: "--stun-port" },
    });
  });

  it("leaves the option of the config file whose port cannot be bound", () => {
    expect(asGiven(taken, given({ config: "relay.json" }))).toBe(taken);
  });

  it("names the variable that gave a wrong value, or a port that cannot be bound", () => {
    const variables = { QUICPIPE_RELAY_PUBLIC_ADDRESS: "x", QUICPIPE_RELAY_STUN_PORT: "3478" };
    expect(asGiven(optionInvalid("publicAddress", "x", "host:port"), given({}, variables))).toMatchObject({
      message: 'QUICPIPE_RELAY_PUBLIC_ADDRESS is "x", but must be host:port',
      details: { option: "QUICPIPE_RELAY_PUBLIC_ADDRESS" },
    });
    expect(asGiven(optionError("--stun-port", "--stun-port is odd"), given({}, variables))).toMatchObject({
      message: "QUICPIPE_RELAY_STUN_PORT is odd",
    });
    expect(asGiven(taken, given({}, variables))).toMatchObject({
      message:
        "cannot listen on UDP [::]:3478 (QUICPIPE_RELAY_STUN_PORT, EADDRINUSE): another socket holds the port",
    });
  });

  it("names the flag whose object has a wrong member, and the member", () => {
    const wrong = optionInvalid("limits.maxCids", 0, "a whole number from 1");
    expect(asGiven(wrong, given({ limits: '{"maxCids":0}' }))).toMatchObject({
      message: "--limits: option limits.maxCids is 0, but must be a whole number from 1",
      details: { option: "--limits" },
    });
  });

  it("leaves other errors", () => {
    const other = new QuicpipeError("ERR_QUICPIPE_LISTEN_FAILED", "no second port", {
      details: { port: 4433 },
    });
    expect(asGiven(other, given({ "stun-port": "3478" }))).toBe(other);
    expect(asGiven("x", given({}))).toBe("x");
  });
});
