import { describe, expect, it } from "vitest";
import { Invitation } from "../../../../src/plugin/invitations/invitation.ts";
import { anonymousIdentity } from "../../../../src/plugin/auth/identity.ts";
import type { Message } from "../../../../src/plugin/mailbox/mailbox.ts";
import { resolveLimits } from "../../../../src/plugin/options/limits.ts";

/** An invitation at time 0 that lasts 60 s, and a mailbox that only knows the states of its messages. */
function setUp(connections = 1): {
  invitation: Invitation;
  states: Map<string, Message["state"]>;
  send: (ttlMs?: number) => Promise<Message>;
  /** Sends one that the mailbox refuses. */
  refuse: () => Promise<Message>;
  lives: number[];
  pass: (ms: number) => void;
} {
  let nowMs = 0;
  const bob = { ...anonymousIdentity(resolveLimits(undefined), "bob"), subject: "bob" };
  const spec = { recipient: "bob", connections, ttlMs: 60_000 };
  const invitation = new Invitation("id", bob, spec, () => nowMs);
  const states = new Map<string, Message["state"]>();
  const lives: number[] = [];
  const outbox = {
    status: async (_sender: string, id: string) => ({ state: states.get(id)! }) as Message,
    recall: async (_sender: string, id: string) => void states.delete(id),
  };
  return {
    invitation,
    states,
    lives,
    refuse: () => invitation.send(outbox, 30_000, () => Promise.reject(new RangeError("no room"))),
    pass: (ms) => void (nowMs += ms),
    send: (ttlMs = 30_000) =>
      invitation.send(outbox, ttlMs, async (lifeMs) => {
        const id = `message ${lives.push(lifeMs)}`;
        states.set(id, "queued");
        return { id } as Message;
      }),
  };
}

const usedUp = { code: "ERR_QUICPIPE_INVITATION_USED" };

describe("the messages of an invitation", () => {
  it("wait no longer than its time", async () => {
    const { send, lives, pass } = setUp(3);
    await send();
    pass(50_000);
    await send();
    pass(10_000);
    await expect(send()).rejects.toMatchObject({ code: "ERR_QUICPIPE_TOKEN_EXPIRED" });
    expect(lives).toEqual([30_000, 10_000]);
  });

  it("take the place of the oldest that waits, where there is none for them", async () => {
    const { send, states } = setUp(2);
    for (let sent = 0; sent < 3; sent++) await send();
    expect([...states.keys()]).toEqual(["message 2", "message 3"]);
  });

  it("are as many as connections are left, whatever was taken", async () => {
    const { invitation, send, states } = setUp(2);
    await send();
    states.set("message 1", "taken");
    invitation.use("registration");
    for (let sent = 0; sent < 3; sent++) await send();
    expect([...states]).toEqual([
      ["message 1", "taken"],
      ["message 4", "queued"],
    ]);
    states.set("message 4", "taken");
    invitation.use(undefined);
    await expect(send()).rejects.toMatchObject(usedUp);
  });

  it("are none too many where they are sent at once, and none of them is refused", async () => {
    const { invitation, send, states } = setUp(1);
    const sent = await Promise.all([send(), send(), send()]);
    expect(sent.map(({ id }) => id)).toEqual(["message 1", "message 2", "message 3"]);
    expect([...states.keys()]).toEqual(["message 3"]);
    await send();
    expect([...states.keys()]).toEqual(["message 4"]);
    invitation.revoke();
    await expect(send()).rejects.toMatchObject({ code: "ERR_QUICPIPE_INVITATION_ENDED" });
  });

  it("are known while others are sent at once, so that none waits on when the invitation is used up", async () => {
    const { invitation, send, states } = setUp(2);
    await send();
    await send();
    states.set("message 1", "taken");
    invitation.use("registration");
    await Promise.all([send(), send()]);
    expect([...states].filter(([, state]) => state === "queued")).toEqual([["message 4", "queued"]]);
    await send();
    expect([...states].filter(([, state]) => state === "queued")).toEqual([["message 5", "queued"]]);
  });

  it("are sent after one that the mailbox refused", async () => {
    const { send, refuse, states } = setUp(1);
    const refused = refuse();
    await Promise.all([expect(refused).rejects.toThrow("no room"), send()]);
    expect([...states.keys()]).toEqual(["message 1"]);
  });

  it("are refused when they are taken if there is one too many, or the invitation is revoked", () => {
    const { invitation } = setUp();
    invitation.use("registration");
    expect(() => invitation.use("another")).toThrow("used up");
    const { invitation: revoked } = setUp();
    revoked.revoke();
    expect(() => revoked.use("registration")).toThrow("used up");
  });

  it("are taken back if the invitation is revoked while they are on their way", async () => {
    const { invitation, send, states } = setUp();
    const sending = send();
    invitation.revoke();
    await expect(sending).rejects.toMatchObject({ code: "ERR_QUICPIPE_INVITATION_ENDED" });
    expect(states.size).toBe(0);
  });
});

describe("the registrations of an invitation", () => {
  it("take the place of one whose message was not taken, and of no other", () => {
    const { invitation } = setUp(2);
    const ended: string[] = [];
    const open = (id: string): void => {
      invitation.admitRegistration((former) => {
        ended.push(former);
        invitation.registrationEnded(former);
      });
      invitation.registrationOpened(id);
    };
    for (const id of ["a", "b"]) open(id);
    invitation.use("a");
    open("c");
    expect([ended, [...invitation.registrations]]).toEqual([["b"], ["a", "c"]]);
  });

  it("keep it from being over when its time is", () => {
    const { invitation, pass } = setUp();
    invitation.registrationOpened("a");
    pass(60_000);
    expect(invitation.isOver).toBe(false);
    invitation.registrationEnded("a");
    expect(invitation.isOver).toBe(true);
  });
});
