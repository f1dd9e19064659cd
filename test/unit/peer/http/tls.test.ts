import { expect, it } from "vitest";
import { tlsOptions } from "../../../../src/peer/http/tls.ts";

it("TLS over TCP is no way for a peer that has only a pin of the relay's key", () => {
  const trust = {
    serverName: undefined,
    demand: { kind: "pins" as const, pins: [] },
    refusalOf: () => undefined,
  };
  expect(() => tlsOptions({ host: "localhost", trust })).toThrow("would not check the pins");
});
