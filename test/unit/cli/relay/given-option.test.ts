import { describe, expect, it } from "vitest";
import { asGiven } from "../../../../src/cli/relay/given-option.ts";
import { QuicpipeError } from "../../../../src/errors.ts";
import { optionInvalid } from "../../../../src/option-checks.ts";

const taken = new QuicpipeError(
  "ERR_QUICPIPE_LISTEN_FAILED",
  "cannot listen on UDP [::]:3478 (`stunPort`, EADDRINUSE): another socket holds the port",
  { details: { host: "::", port: 3478, system: "EADDRINUSE", option: "stunPort" } },
);

describe("an error about an option of `quicpipe relay`", () => {
  it("names the flag that gave a wrong value", () => {
    expect(
      asGiven(optionInvalid("publicAddress", "x", "host:port"), { "public-address": "x" }),
    ).toMatchObject({
      message: '--public-address is "x", but must be host:port',
      details: { option: "--public-address" },
    });
  });

  it("names the config file where that gave it", () => {
    expect(asGiven(optionInvalid("publicAddress", "x", "host:port"), { config: "relay.json" })).toMatchObject(
      {
        message: 'relay.json: option publicAddress is "x", but must be host:port',
      },
    );
  });

  it("names the flag whose port cannot be bound, in message and details", () => {
    expect(asGiven(taken, { "stun-port": "3478" })).toMatchObject({
      code: "ERR_QUICPIPE_LISTEN_FAILED",
      message: "cannot listen on UDP [::]:3478 (--stun-port, EADDRINUSE): another socket holds the port",
      details: { host: "::", port: 3478, system: "EADDRINUSE", option: "--stun-port" },
    });
  });

  it("leaves the option of the config file whose port cannot be bound", () => {
    expect(asGiven(taken, { config: "relay.json" })).toBe(taken);
  });

  it("leaves other errors", () => {
    const other = new QuicpipeError("ERR_QUICPIPE_LISTEN_FAILED", "no second port", {
      details: { port: 4433 },
    });
    expect(asGiven(other, { "stun-port": "3478" })).toBe(other);
    expect(asGiven("x", {})).toBe("x");
  });
});
