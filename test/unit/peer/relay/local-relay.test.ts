import { isIPv4 } from "node:net";
import { describe, expect, it } from "vitest";
import { localRelay } from "../../../../src/peer/relay/local-relay.ts";
import type { PeerSocket } from "../../../../src/peer/socket.ts";

const relay = "relay.example:443";
const addresses = ["127.0.0.1", "::1"];

function socketAt(own: string): Pick<PeerSocket, "reaches" | "local"> {
  return {
    reaches: (address) => own === "::" || isIPv4(own) === isIPv4(address),
    local: { address: own, port: 1 },
  };
}

describe("the UDP address of a relay on this machine", () => {
  it.each([
    ["127.0.0.1:4433", "::", "127.0.0.1"],
    ["[::1]:4433", "::", "::1"],
    ["0.0.0.0:4433", "::", "127.0.0.1"],
    ["[::]:4433", "::", "127.0.0.1"],
    ["[::]:4433", "::1", "::1"],
  ])("is where its socket is bound: %s, from %s", (bound, own, address) => {
    expect(localRelay({ relay, bound }, addresses, socketAt(own))).toEqual({ address, port: 4433 });
  });

  it("is at the URL's address where an older relay tells its public one alone", () => {
    expect(localRelay({ relay }, addresses, socketAt("::"))).toEqual({ address: "127.0.0.1", port: 443 });
  });

  it("is never on another machine, whatever the relay says", () => {
    const bound = "203.0.113.1:4433";
    expect(localRelay({ relay, bound }, addresses, socketAt("::"))).toEqual({
      address: "127.0.0.1",
      port: 4433,
    });
  });

  it.each(["relay.example", "relay.example:0", "[::1]", "127.0.0.1:65536"])(
    "is refused where it is none: %s",
    (bound) => {
      expect(() => localRelay({ relay, bound }, addresses, socketAt("::"))).toThrow(
        expect.objectContaining({ code: "ERR_QUICPIPE_RELAY_REFUSED" }),
      );
    },
  );

  it.each([
    ["[::1]:4433", "127.0.0.1"],
    ["0.0.0.0:4433", "::1"],
  ])("is out of reach where the peer's socket has the other family: %s from %s", (bound, own) => {
    expect(() => localRelay({ relay, bound }, addresses, socketAt(own))).toThrow(
      expect.objectContaining({ code: "ERR_QUICPIPE_RELAY_UNREACHABLE" }),
    );
  });
});
