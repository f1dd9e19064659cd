import { describe, expect, it, type Mock, onTestFinished, vi } from "vitest";
import { requireTicketTerms, TicketOffer } from "../../../../src/cli/ticket/offer.ts";
import type { Peer } from "../../../../src/peer/index.ts";
import { encodeTicket } from "../../../../src/peer/ticket/ticket.ts";

const pin = `sha256/${Buffer.alloc(32).toString("base64")}`;

/** An offer of tickets that a peer makes, unless it is told a fault, and what is said. */
function setUp(
  isRenewed: boolean,
  host = "relay.example",
): {
  offer: TicketOffer;
  said: () => string;
  expired: () => number;
  faults: string[];
  invite: Mock<() => Promise<{ ticket: string }>>;
} {
  vi.useFakeTimers();
  const faults: string[] = [];
  const seed = new Uint8Array(32);
  const ticket = encodeTicket({
    relay: `https://${host}`,
    relayPin: pin,
    name: "bob",
    pin,
    token: "eyJh.eyJq.c2ln",
    seed,
  });
  const invite = vi.fn(async (): Promise<{ ticket: string }> => {
    const fault = faults.shift();
    return fault === undefined ? { ticket } : Promise.reject(new TypeError(fault));
  });
  const written = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  const onExpired = vi.fn();
  const offer = new TicketOffer(
    { invite } as unknown as Peer,
    { connections: 2, ttlMs: 60_000 },
    isRenewed,
    onExpired,
  );
  onTestFinished(() => {
    offer.close();
    written.mockRestore();
    vi.useRealTimers();
  });
  return {
    offer,
    faults,
    invite,
    said: () =>
      written.mock.calls.map(([text]) => String(text).replaceAll(/quicpipe1\w+/g, "TICKET")).join(""),
    expired: () => onExpired.mock.calls.length,
  };
}

const shown = "quicpipe: the other side types this, up to 2 times within 1 min:\nquicpipe dial TICKET\n";

describe("an offer of tickets", () => {
  it("is told once, and has an end with its time", async () => {
    const { offer, said, expired } = setUp(false);
    await offer.open();
    for (let used = 0; used < 2; used++) offer.use();
    await vi.advanceTimersByTimeAsync(59_999);
    expect([said(), expired()]).toEqual([shown, 0]);
    await vi.advanceTimersByTimeAsync(1);
    expect([said(), expired()]).toEqual([shown, 1]);
  });

  it("is renewed when it is used up, and when its time is over", async () => {
    const { offer, said, expired } = setUp(true);
    await offer.open();
    offer.use();
    await vi.advanceTimersByTimeAsync(30_000);
    expect(said()).toBe(shown);
    offer.use();
    await vi.advanceTimersByTimeAsync(59_999);
    expect(said()).toBe(shown.repeat(2));
    await vi.advanceTimersByTimeAsync(1);
    expect([said(), expired()]).toEqual([shown.repeat(3), 0]);
  });

  it("is tried again while the relay gives no new ticket, which is said once", async () => {
    const { offer, said, faults } = setUp(true);
    await offer.open();
    faults.push("the relay is down", "the relay is down", "the relay is\nfull");
    await vi.advanceTimersByTimeAsync(60_000 + 3 * 5000);
    const why = "quicpipe: no new ticket yet: the relay is";
    expect(said()).toBe(`${shown}${why} down\n${why}·full\n${shown}`);
  });

  it("ends when it is closed", async () => {
    const { offer, said, faults, expired } = setUp(true);
    await offer.open();
    faults.push("the peer was closed");
    offer.use();
    offer.use();
    offer.close();
    await vi.advanceTimersByTimeAsync(120_000);
    expect([said(), expired()]).toEqual([shown, 0]);
  });

  it("leaves no timer when it is closed, also where the relay has given no new ticket yet", async () => {
    const { offer, faults } = setUp(true);
    await offer.open();
    faults.push("the relay is down", "the relay is down");
    offer.use();
    offer.use();
    await vi.advanceTimersByTimeAsync(6000);
    offer.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("asks for one new ticket at a time", async () => {
    const { offer, said, invite } = setUp(true);
    await offer.open();
    const answer = Promise.withResolvers<undefined>();
    const ticket = await invite();
    invite.mockClear().mockImplementation(() => answer.promise.then(() => ticket));
    offer.use();
    offer.use();
    await vi.advanceTimersByTimeAsync(120_000);
    expect(invite).toHaveBeenCalledTimes(1);
    answer.resolve(undefined);
    await vi.advanceTimersByTimeAsync(59_999);
    expect([said(), invite.mock.calls.length]).toEqual([shown.repeat(2), 1]);
  });

  it("says so if a ticket works on this machine alone", async () => {
    const { offer, said } = setUp(false, "127.0.0.1:4433");
    await offer.open();
    expect(said()).toMatch(/^quicpipe: the relay in the ticket is 127\.0\.0\.1, which is this machine: /);
  });
});

describe("the terms of a ticket", () => {
  it("are those of the command line where nobody is named to be trusted", () => {
    expect(requireTicketTerms({})).toEqual({ connections: 1, ttlMs: 600_000 });
    expect(requireTicketTerms({ uses: "16", ttl: "10" })).toEqual({ connections: 16, ttlMs: 10_000 });
    expect(requireTicketTerms({ pin: "sha256/x" })).toBeUndefined();
    expect(requireTicketTerms({ insecure: true })).toBeUndefined();
    expect(() => requireTicketTerms({ insecure: true, ttl: "60" })).toThrow("--ttl is for a ticket");
  });
});
