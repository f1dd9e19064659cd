import { describe, expect, it } from "vitest";
import { silenceOf } from "../../../../src/peer/relay/silence.ts";

const relay = { address: "127.0.0.1", port: 4433 };

describe("a relay that does not answer", () => {
  it("may be one without a gateway where it is on this machine", () => {
    for (const relayHost of ["localhost", "127.0.0.1", "::1"])
      expect(silenceOf({ transport: "http3", relayHost, relay }, ["127.0.0.1"], " within 3 s")).toBe(
        "no answer from 127.0.0.1:4433 within 3 s; check that it runs; a relay in an app without an HTTP/3 server is reached by the app's http: URL, such as http://localhost:3000",
      );
  });

  it("may be behind a network without UDP where it is elsewhere", () => {
    const addresses = ["203.0.113.1", "2001:db8::1"];
    expect(silenceOf({ transport: "http3", relayHost: "relay.example", relay }, addresses)).toBe(
      "no answer from 203.0.113.1:4433, [2001:db8::1]:4433; check its address and that UDP gets through",
    );
  });

  it("may have no app that runs where its URL is http:", () => {
    expect(silenceOf({ transport: "tcp", relayHost: "localhost", relay }, ["127.0.0.1"])).toMatch(
      /^no answer from 127\.0\.0\.1:4433; check that its app runs/,
    );
  });
});
