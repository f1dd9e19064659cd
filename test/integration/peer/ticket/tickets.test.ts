import { H3, type H3Event } from "h3";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import {
  type Connection,
  createIdentity,
  dialTicket,
  Peer,
  pinOf,
  type PeerOptions,
  type TicketDialOptions,
} from "../../../../src/peer/index.ts";
import { decodeTicket, encodeTicket, type Ticket } from "../../../../src/peer/ticket/ticket.ts";
import { testCertificate } from "../../harness/certificate.ts";
import { bindPeer, codeOf, echo, nextConnection, roundTrip, startPeerRelay } from "../../harness/peers.ts";
import { startRelay, type TestRelay } from "../../harness/relay.ts";
import { secret, tokenFor } from "../../harness/token.ts";

/** Dials a ticket. The connection is closed when the test ends. */
async function dialed(ticket: string, options: TicketDialOptions = {}): Promise<Connection> {
  const connection = await dialTicket(ticket, { peer: { host: "127.0.0.1" }, ...options });
  onTestFinished(() => connection.close());
  return connection;
}

/** The code that a dial of a ticket fails with, soon. */
function refusal(ticket: string): Promise<string | undefined> {
  return codeOf(dialed(ticket, { timeoutMs: 3000 }));
}

/** Bob, who trusts nobody but whom his tickets let in, and echoes. */
async function startBob(
  relay: TestRelay,
  options: Partial<PeerOptions> = {},
): Promise<{ bob: Peer; accepted: Connection[]; errors: string[]; serve: () => void }> {
  const errors: string[] = [];
  const bob = await bindPeer(relay.port, "bob", { onError: ({ code }) => errors.push(code), ...options });
  const accepted: Connection[] = [];
  const serve = async (): Promise<void> => {
    for await (const connection of bob) {
      accepted.push(connection);
      echo(connection).catch(() => undefined);
    }
  };
  return { bob, accepted, errors, serve: () => void serve() };
}

/** The ticket with some of its contents changed. */
function changed(ticket: string, change: Partial<Ticket>): string {
  return encodeTicket({ ...decodeTicket(ticket), ...change });
}

describe("a ticket", () => {
  it("connects two peers that know nothing of each other, with the relay's key pinned", async () => {
    const relay = await startPeerRelay();
    const { bob, accepted, serve } = await startBob(relay);
    const { ticket, expiresAt } = await bob.invite();
    serve();
    expect(expiresAt.getTime() - Date.now() > 590_000).toBe(true);
    expect(decodeTicket(ticket)).toMatchObject({
      relay: `https://127.0.0.1:${relay.port}`,
      relayPin: pinOf(relay.certificate),
      name: "bob",
      pin: bob.pin,
    });
    const connection = await dialed(ticket);
    expect(await roundTrip(connection, "hello")).toBe("hello");
    expect([connection.remoteName, connection.remotePin]).toEqual(["bob", bob.pin]);
    expect(accepted[0]!.remoteName).toMatch(/^bob\/invite\/[\w-]{16}$/);
  });

  it('works at a relay with auth: "none" as well', async () => {
    const relay = await startRelay({ auth: "none" });
    const { certificate } = await testCertificate();
    const bob = await Peer.bind({
      relay: `https://127.0.0.1:${relay.port}`,
      relayCa: certificate,
      host: "127.0.0.1",
    });
    onTestFinished(() => bob.close());
    const { ticket } = await bob.invite();
    const accepting = nextConnection(bob).then(echo);
    accepting.catch(() => undefined);
    expect(await roundTrip(await dialed(ticket), "hello")).toBe("hello");
  });

  it("works once, and as often as it was asked for", async () => {
    const relay = await startPeerRelay();
    const { bob, serve } = await startBob(relay);
    const [once, twice] = [await bob.invite(), await bob.invite({ connections: 2 })];
    serve();
    for (const { ticket } of [once, twice, twice]) {
      const connection = await dialed(ticket);
      expect(await roundTrip(connection, "hello")).toBe("hello");
    }
    for (const { ticket } of [once, twice])
      expect(await refusal(ticket)).toBe("ERR_QUICPIPE_INVITATION_USED");
    expect(relay.relay.stats().invitations).toMatchObject({ made: 2, used: 3 });
  });

  it("can be tried again as long as nobody has taken it", async () => {
    const relay = await startPeerRelay();
    const { bob, serve } = await startBob(relay);
    const { ticket } = await bob.invite();
    expect(await codeOf(dialed(ticket, { timeoutMs: 300 }))).toBe("ERR_QUICPIPE_DIAL_TIMEOUT");
    serve();
    expect(await roundTrip(await dialed(ticket), "hello")).toBe("hello");
  });

  it("is worthless when it is revoked, and the connection by it has no relay any more", async () => {
    const relay = await startPeerRelay();
    const { bob, serve } = await startBob(relay, { direct: "never" });
    const [unused, used] = [await bob.invite(), await bob.invite()];
    serve();
    const connection = await dialed(used.ticket);
    expect(await roundTrip(connection, "hello")).toBe("hello");
    for (const { revoke } of [unused, used]) await revoke();
    for (const { ticket } of [unused, used])
      expect(await refusal(ticket)).toBe("ERR_QUICPIPE_INVITATION_ENDED");
    // That of bob's side is left.
    expect(relay.relay.stats()).toMatchObject({ registrations: 1, invitations: { open: 0 } });
    await unused.revoke();
  });

  it("ends the handshake of a dial that was taken when it is revoked", async () => {
    const [taken, revoked] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const app = new H3().use(async ({ url }, next) => {
      const answer = await next();
      if (!url.pathname.endsWith("/take")) return answer;
      taken.resolve();
      await revoked.promise;
      return answer;
    });
    const relay = await startRelay({ auth: { secret } }, app);
    const reports: string[] = [];
    const onError = ({ message }: Error): void => void reports.push(message);
    const { bob, accepted, serve } = await startBob(relay, { onError });
    const { ticket, revoke } = await bob.invite();
    serve();
    const dialing = refusal(ticket);
    await taken.promise;
    await revoke();
    revoked.resolve();
    await expect.poll(() => reports).toEqual([expect.stringContaining("the ticket was revoked")]);
    await dialing;
    expect(accepted).toEqual([]);
  });

  it("is worthless when its maker is closed", async () => {
    const relay = await startPeerRelay();
    const { bob } = await startBob(relay);
    const { ticket } = await bob.invite();
    await bob.close();
    expect(relay.relay.stats().invitations).toMatchObject({ open: 0, revoked: 1 });
    expect(await refusal(ticket)).toBe("ERR_QUICPIPE_INVITATION_ENDED");
    expect(await codeOf(bob.invite())).toBe("ERR_QUICPIPE_CLOSED");
  });

  it("is dialed with its own token alone, whatever other tokens this user has", async () => {
    const tokens = new Set<string | null>();
    const others = new Set<string>();
    const app = new H3().use(({ req }: H3Event): void => {
      tokens.add(req.headers.get("authorization"));
      for (const name of req.headers.keys()) others.add(name);
    });
    const relay = await startRelay({ auth: { secret } }, app);
    const token = await tokenFor("bob");
    const { bob, serve } = await startBob(relay, { token });
    const { ticket } = await bob.invite();
    serve();
    vi.stubEnv("QUICPIPE_TOKEN", await tokenFor("alice"));
    onTestFinished(() => void vi.unstubAllEnvs());
    const connection = await dialed(ticket);
    await roundTrip(connection, "hello");
    connection.close();
    await expect.poll(() => relay.relay.stats().registrations).toBe(0);
    expect(tokens).toEqual(new Set([`Bearer ${token}`, `Bearer ${decodeTicket(ticket).token}`]));
    expect([...others].filter((name) => name === "cookie" || name.startsWith("x-"))).toEqual([]);
  });
});

describe("a ticket in the wrong hands", () => {
  it("lets nobody in with its invitation alone: the accepter wants the ticket's key", async () => {
    const relay = await startPeerRelay();
    const { bob, accepted, errors, serve } = await startBob(relay);
    const { ticket } = await bob.invite();
    serve();
    const { token } = decodeTicket(ticket);
    const eve = await bindPeer(relay.port, "eve", { token, identity: await createIdentity() });
    expect(await codeOf(eve.dial("bob", { pin: bob.pin }))).toBe("ERR_QUICPIPE_PIN_MISMATCH");
    await expect.poll(() => errors).toContain("ERR_QUICPIPE_PIN_MISMATCH");
    expect(accepted).toEqual([]);
  });

  it("lets nobody in with its key alone: other names have the trust that they had", async () => {
    const relay = await startPeerRelay();
    const { bob, accepted, serve } = await startBob(relay);
    const { ticket } = await bob.invite();
    serve();
    const alone = changed(ticket, { token: await tokenFor("eve") });
    expect(await codeOf(dialed(alone, { timeoutMs: 2000 }))).toBe("ERR_QUICPIPE_DIAL_TIMEOUT");
    expect(accepted).toEqual([]);
    // It was not used by that.
    expect(await roundTrip(await dialed(ticket), "hello")).toBe("hello");
  });

  it("gives its holder no other name, though the relay says so when the message is taken", async () => {
    const app = new H3().use(async ({ url }, next) => {
      const answer = await next();
      if (!url.pathname.endsWith("/take") || !(answer instanceof Response) || !answer.ok) return answer;
      const taken = (await answer.json()) as object;
      return Response.json({ ...taken, sender: "alice" });
    });
    const relay = await startRelay({ auth: { secret } }, app);
    const { pin } = await createIdentity();
    const { bob, accepted, errors, serve } = await startBob(relay, { trust: [pin] });
    const { ticket } = await bob.invite();
    serve();
    expect(await codeOf(dialed(ticket, { timeoutMs: 2000 }))).toBe("ERR_QUICPIPE_DIAL_TIMEOUT");
    expect(errors).toContain("ERR_QUICPIPE_RELAY_REFUSED");
    expect(accepted).toEqual([]);
  });

  it("leads to no other recipient, and to no other relay", async () => {
    const [relay, other] = [await startPeerRelay(), await startPeerRelay()];
    const { bob } = await startBob(relay);
    const { ticket } = await bob.invite();
    expect(await refusal(changed(ticket, { name: "alice" }))).toBe("ERR_QUICPIPE_RECIPIENT_FORBIDDEN");
    const elsewhere = changed(ticket, { relay: `https://127.0.0.1:${other.port}` });
    expect(await refusal(elsewhere)).toBe("ERR_QUICPIPE_TOKEN_INVALID");
  });

  it("is sent to no relay with another key", async () => {
    const relay = await startPeerRelay();
    const { bob } = await startBob(relay);
    const { ticket } = await bob.invite();
    const { pin: relayPin } = await createIdentity();
    const error: unknown = await dialed(changed(ticket, { relayPin })).catch((fault: unknown) => fault);
    expect(error).toMatchObject({
      code: "ERR_QUICPIPE_RELAY_UNREACHABLE",
      message: expect.stringContaining("its key is not the one that was pinned"),
      details: { untrusted: true },
    });
    expect(relay.relay.stats().refused).toEqual({});
  });

  it("is refused by a dialer that finds another accepter", async () => {
    const relay = await startPeerRelay();
    const { bob, serve } = await startBob(relay);
    const { ticket } = await bob.invite();
    serve();
    const { pin } = await createIdentity();
    expect(await codeOf(dialed(changed(ticket, { pin })))).toBe("ERR_QUICPIPE_PIN_MISMATCH");
  });
});

describe("an accepter with tickets", () => {
  it("trusts whom it trusts besides, with other keys than those of tickets", async () => {
    const relay = await startPeerRelay();
    const identity = await createIdentity();
    const { bob, accepted, serve } = await startBob(relay, { trust: [identity.pin] });
    const { ticket } = await bob.invite();
    serve();
    const alice = await bindPeer(relay.port, "alice", { identity });
    const connections = [await alice.dial("bob", { pin: bob.pin }), await dialed(ticket)];
    for (const connection of connections) expect(await roundTrip(connection, "hello")).toBe("hello");
    expect(accepted.map(({ remotePin }) => remotePin === identity.pin)).toEqual([true, false]);
  });

  it("leaves messages of all others in the mailbox", async () => {
    const relay = await startPeerRelay();
    const { bob, errors, serve } = await startBob(relay);
    await bob.invite();
    serve();
    const alice = await bindPeer(relay.port, "alice");
    const dialing = alice.dial("bob", { pin: bob.pin, timeoutMs: 1500 }).catch((error: unknown) => error);
    expect(await dialing).toMatchObject({ details: { step: "queued" } });
    expect(errors).toEqual([]);
  });

  it("loses no ticket by a message that it had to refuse", async () => {
    const relay = await startPeerRelay({ limits: { maxRegistrationsPerSubject: 2 } });
    const { bob, errors, serve } = await startBob(relay);
    const { ticket } = await bob.invite();
    serve();
    // With the guest's registration, which is bob's to pay for, there is no room for the take.
    const ending = new AbortController();
    const other = await bindPeer(relay.port, "bob");
    const holding = other.dial("nobody", { trust: "insecure", signal: ending.signal }).catch(() => undefined);
    await expect.poll(() => relay.relay.stats().registrations).toBe(1);
    expect(await codeOf(dialed(ticket))).toBe("ERR_QUICPIPE_DIAL_REFUSED");
    expect(errors).toContain("ERR_QUICPIPE_REGISTRATION_QUOTA");
    ending.abort();
    await holding;
    await expect.poll(() => relay.relay.stats().registrations).toBe(0);
    expect(await roundTrip(await dialed(ticket), "hello")).toBe("hello");
  });

  it("needs trust or a ticket", async () => {
    const relay = await startPeerRelay();
    const { bob } = await startBob(relay);
    expect(await codeOf(nextConnection(bob))).toBe("ERR_QUICPIPE_OPTION_INVALID");
  });

  it.each([{ connections: 0 }, { connections: 17 }, { ttlMs: 9999 }, { ttlMs: 86_400_001 }, { uses: 1 }])(
    "makes no ticket with %j",
    async (options) => {
      const { bob } = await startBob(await startPeerRelay());
      expect(await codeOf(bob.invite(options))).toBe("ERR_QUICPIPE_OPTION_INVALID");
    },
  );

  it("makes no ticket that could not say how to trust the relay", async () => {
    const relay = await startPeerRelay();
    const { bob } = await startBob(relay, { relayCa: "insecure" });
    expect(await codeOf(bob.invite())).toBe("ERR_QUICPIPE_OPTION_INVALID");
    expect(relay.relay.stats().invitations.made).toBe(0);
  });

  it("tells the address that the relay has for others, if it is on the relay's machine", async () => {
    const relay = await startPeerRelay({ publicAddress: "relay.example:4433" });
    const { bob } = await startBob(relay);
    const { ticket } = await bob.invite();
    expect(decodeTicket(ticket).relay).toBe("https://relay.example:4433");
  });

  it("has the pin of its relay's key in place of a CA, and hands that on", async () => {
    const relay = await startPeerRelay();
    const { bob, serve } = await startBob(relay, { relayCa: pinOf(relay.certificate) });
    const { ticket } = await bob.invite();
    serve();
    expect(await roundTrip(await dialed(ticket), "hello")).toBe("hello");
  });
});
