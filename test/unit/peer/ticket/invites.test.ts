import { describe, expect, it, onTestFinished, vi } from "vitest";
import { pinOfSeed } from "../../../../src/peer/ticket/one-time-identity.ts";
import { Invites, type InvitesParts } from "../../../../src/peer/ticket/invites.ts";
import { decodeTicket } from "../../../../src/peer/ticket/ticket.ts";
import type { InvitationRequest, InvitationResponse } from "../../../../src/protocol.ts";

const pin = `sha256/${Buffer.alloc(32, 1).toString("base64")}`;
const relayPin = `sha256/${Buffer.alloc(32, 2).toString("base64")}`;

/** The tickets of bob, at a relay that answers as it is told. */
function setUp(
  settings: Partial<InvitesParts["settings"]> = {},
  answer: Partial<InvitationResponse> = {},
): { invites: Invites; asked: InvitationRequest[]; revoked: string[] } {
  const asked: InvitationRequest[] = [];
  const revoked: string[] = [];
  const invites = new Invites({
    settings: {
      relayCa: "PEM",
      transport: "http3",
      authority: "relay.example:4433",
      relayHost: "relay.example",
      basePath: "",
      ...settings,
    },
    relay: {
      async invite(request) {
        const id = String(asked.push(request));
        return {
          id,
          sender: `bob/invite/${id}`,
          recipient: "bob",
          connections: 1,
          used: 0,
          expiresAt: "",
          token: "eyJh.eyJq.c2ln",
          relay: "relay.example:4433",
          ...answer,
        };
      },
      revokeInvitation: async (id) => void revoked.push(id),
    },
    pin,
    relayPin: () => relayPin,
  });
  return { invites, asked, revoked };
}

function fakeClock(): void {
  vi.useFakeTimers({ toFake: ["performance", "Date"] });
  onTestFinished(() => void vi.useRealTimers());
}

describe("the tickets of a peer", () => {
  it("are for one connection within ten minutes unless they are asked for more", async () => {
    const { invites, asked } = setUp();
    const { ticket } = await invites.invite(undefined);
    await invites.invite({ connections: 16, ttlMs: 10_000 });
    expect(asked).toEqual([
      { connections: 1, ttlMs: 600_000 },
      { connections: 16, ttlMs: 10_000 },
    ]);
    expect(decodeTicket(ticket)).toMatchObject({
      relay: "https://relay.example:4433",
      relayPin,
      name: "bob",
      pin,
    });
  });

  it("are each accepted with the key in them alone", async () => {
    const { invites } = setUp();
    const tickets = [await invites.invite({}), await invites.invite({})].map(({ ticket }) =>
      decodeTicket(ticket),
    );
    for (const [index, { seed }] of tickets.entries()) {
      const { policy } = invites.reserve(`bob/invite/${index + 1}`)!;
      const pins = [Buffer.from(pinOfSeed(seed).slice("sha256/".length), "base64")];
      expect(policy).toEqual({ demand: { kind: "pins", pins }, checkFor: undefined });
    }
  });

  it("keep a use for each message in hand, which comes back if there is no connection", async () => {
    const { invites } = setUp();
    await invites.invite({ connections: 2 });
    const sender = "bob/invite/1";
    const [first, second] = [invites.reserve(sender), invites.reserve(sender)];
    expect([first, second].every((each) => each !== undefined)).toBe(true);
    // Whatever the relay lets through.
    expect([invites.isOpenTo(sender), invites.reserve(sender)]).toEqual([false, undefined]);
    first!.release();
    expect(invites.isOpenTo(sender)).toBe(true);
    expect(invites.reserve("bob/invite/2")).toBeUndefined();
  });

  it("let nobody in when their time is over, whatever the relay thinks", async () => {
    fakeClock();
    const { invites, revoked } = setUp();
    await invites.invite({ ttlMs: 60_000 });
    vi.advanceTimersByTime(59_999);
    expect(invites.isOpenTo("bob/invite/1")).toBe(true);
    vi.advanceTimersByTime(1);
    expect(invites.isOpenTo("bob/invite/1")).toBe(false);
    await invites.revokeAll();
    expect(revoked).toEqual([]);
  });

  it("are revoked with their peer if they were used, though their time is over: 64 of them at most", async () => {
    fakeClock();
    const { invites, revoked } = setUp();
    for (let made = 1; made <= 70; made++) {
      await invites.invite({ ttlMs: 10_000 });
      if (made > 3) invites.reserve(`bob/invite/${made}`);
    }
    vi.advanceTimersByTime(10_000);
    const { revoke } = await invites.invite({ ttlMs: 10_000 });
    await revoke();
    await invites.revokeAll();
    expect(revoked).toEqual(["71", ...Array.from({ length: 64 }, (_, index) => String(index + 7))]);
    await invites.revokeAll();
    expect(revoked).toHaveLength(65);
  });

  it("are not revoked twice, also if they were used and their time is over", async () => {
    fakeClock();
    const { invites, revoked } = setUp();
    const { revoke } = await invites.invite({ ttlMs: 10_000 });
    invites.reserve("bob/invite/1");
    vi.advanceTimersByTime(10_000);
    await invites.invite({});
    await revoke();
    await invites.revokeAll();
    expect(revoked).toEqual(["1", "2"]);
  });

  it("let nobody in once they are revoked, also where the relay does not hear of it", async () => {
    const { invites, revoked } = setUp();
    const { revoke } = await invites.invite({});
    await invites.invite({});
    await revoke();
    expect([invites.isOpenTo("bob/invite/1"), invites.isOpenTo("bob/invite/2")]).toEqual([false, true]);
    await invites.revokeAll();
    expect([invites.isOpenTo("bob/invite/2"), revoked]).toEqual([false, ["1", "2"]]);
  });

  it("end the handshakes that use them when they are revoked, and no others", async () => {
    const { invites } = setUp();
    const { revoke } = await invites.invite({});
    await invites.invite({});
    const [own, other] = [1, 2].map((id) => invites.reserve(`bob/invite/${id}`)!.revoked);
    expect([own!.aborted, other!.aborted]).toEqual([false, false]);
    await revoke();
    expect([own!.aborted, other!.aborted]).toEqual([true, false]);
    expect(own!.reason).toMatchObject({ code: "ERR_QUICPIPE_HANDSHAKE_FAILED" });
  });

  it("are not made for an http: relay, nor for one that nobody verifies", async () => {
    for (const settings of [{ transport: "tcp" }, { relayCa: "insecure" }] as const) {
      const { invites, asked } = setUp(settings);
      await expect(invites.invite({})).rejects.toMatchObject({ code: "ERR_QUICPIPE_OPTION_INVALID" });
      expect([asked, invites.hasMade]).toEqual([[], false]);
    }
  });

  it("name the relay by the system's CAs where this peer knows it by them", async () => {
    const local = { relayCa: undefined, relayHost: "127.0.0.1", authority: "127.0.0.1:4433" };
    const { ticket } = await setUp(local, { relay: "public.example:443" }).invites.invite({});
    // The certificate is for the name that this peer knows.
    expect(decodeTicket(ticket)).toMatchObject({ relay: "https://127.0.0.1:4433", relayPin: undefined });
  });

  it("name the relay's public address where this peer knows it by loopback, and by no other", async () => {
    const local = { relayHost: "127.0.0.1", authority: "127.0.0.1:4433", basePath: "/base" };
    for (const [settings, told, relay] of [
      [local, "public.example:443", "https://public.example/base"],
      [local, "[2001:DB8::1]:4433", "https://[2001:db8::1]:4433/base"],
      [local, "127.0.0.1:9999", "https://127.0.0.1:4433/base"],
      [local, "no address", "https://127.0.0.1:4433/base"],
      [{}, "public.example:443", "https://relay.example:4433"],
    ] as const) {
      const { ticket } = await setUp(settings, { relay: told }).invites.invite({});
      expect(decodeTicket(ticket).relay).toBe(relay);
    }
  });
});
