import { describe, expect, it } from "vitest";
import { withEnvironment } from "../../../../src/cli/relay/environment.ts";

function refusal(environment: NodeJS.ProcessEnv): string {
  try {
    withEnvironment({}, environment);
  } catch (error) {
    expect(error).toMatchObject({ code: "ERR_QUICPIPE_OPTION_INVALID" });
    return (error as Error).message;
  }
  return expect.fail("nothing was refused");
}

describe("the environment variables of quicpipe relay", () => {
  it("give options that the command line does not", () => {
    const environment = { QUICPIPE_RELAY_PORT: "1", QUICPIPE_RELAY_STUN_PORT: "2", PATH: "/bin" };
    const { args, variables } = withEnvironment({ port: "3" }, environment);
    expect(args).toEqual({ port: "3", "stun-port": "2" });
    expect([...variables]).toEqual([["stun-port", "QUICPIPE_RELAY_STUN_PORT"]]);
  });

  it("count as absent if they are empty", () => {
    expect(withEnvironment({}, { QUICPIPE_RELAY_PORT: "", QUICPIPE_RELAY_NOTHING: "" }).args).toEqual({});
  });

  it.each([
    ["1", true],
    ["true", true],
    ["0", false],
    ["false", false],
  ])("switch on or off: %s", (text, isOn) => {
    expect(withEnvironment({}, { QUICPIPE_RELAY_METRICS: text }).args.metrics).toBe(isOn);
  });

  it("are refused with another value than the flag's", () => {
    expect(refusal({ QUICPIPE_RELAY_XDP_PIN: "yes" })).toBe(
      'QUICPIPE_RELAY_XDP_PIN is "yes", but must be 1, true, 0 or false',
    );
    expect(refusal({ QUICPIPE_RELAY_LOG_LEVEL: "trace" })).toBe(
      'QUICPIPE_RELAY_LOG_LEVEL is "trace", but must be one of error, warn, info, debug',
    );
  });

  it("are refused if they are unknown, as they would have no effect", () => {
    expect(refusal({ QUICPIPE_RELAY_PROT: "1" })).toMatch(
      /QUICPIPE_RELAY_PROT is unknown \(did you mean QUICPIPE_RELAY_PORT\?\)/,
    );
    expect(refusal({ QUICPIPE_RELAY_SERVICE_HOST: "10.0.0.1" })).toMatch(/enableServiceLinks/);
  });
});
