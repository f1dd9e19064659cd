import { expect, it } from "vitest";
import { QuicpipeError } from "../../../../src/errors.ts";
import { SocketWatch } from "../../../../src/plugin/health/socket-watch.ts";

type Figures = ReturnType<Parameters<SocketWatch["isLost"]>[0]>;

/** Figures with such counts, in which all others are 0. */
function figures({ relayed = 0, packetsIn = 0, dropped = 0, answered = 0 } = {}): () => Figures {
  return () =>
    ({
      relayed: { packets: relayed, bytes: 0 },
      gateway: { packetsIn },
      dropped: { "no-route": dropped },
      stun: { answered },
    }) as Figures;
}

const fault = Object.assign(new Error("recvmmsg"), { code: "EBADF" });

it("a socket without a fault is not lost, and no figures are read", () => {
  const watch = new SocketWatch();
  expect(watch.isLost(() => expect.fail("figures are read"))).toBe(false);
});

it.each(["relayed", "packetsIn", "dropped", "answered"])(
  "a socket that has failed is lost until something comes through it: %s",
  (count) => {
    const watch = new SocketWatch();
    watch.failed(fault);
    expect(watch.isLost(figures({ [count]: 7 }))).toBe(true);
    expect(watch.isLost(figures({ [count]: 7 }))).toBe(true);
    expect(watch.isLost(figures({ [count]: 8 }))).toBe(false);
    expect(watch.isLost(figures({ [count]: 8 }))).toBe(false);
  },
);

it("a second fault counts anew", () => {
  const watch = new SocketWatch();
  watch.failed(fault);
  watch.isLost(figures());
  watch.failed(fault);
  expect(watch.isLost(figures({ dropped: 1 }))).toBe(true);
  expect(watch.isLost(figures({ dropped: 2 }))).toBe(false);
});

it("an address of this host without a socket is no loss", () => {
  const watch = new SocketWatch();
  watch.failed(new QuicpipeError("ERR_QUICPIPE_LISTEN_FAILED", "one of three"));
  expect(watch.isLost(figures())).toBe(false);
});
