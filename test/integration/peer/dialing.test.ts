import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { H3 } from "h3";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { Peer, type QuicpipeError } from "../../../src/peer/index.ts";
import { RelayClient } from "../../../src/peer/relay/client.ts";
import type { InstanceName, MessageState, SentMessage } from "../../../src/protocol.ts";
import { DatagramProxy } from "../harness/network/datagram-proxy.ts";
import { temporaryFolder } from "../harness/folder.ts";
import {
  bindPeer,
  codeOf,
  connectPeers,
  nextConnection,
  startPeerRelay,
  testIdentities,
} from "../harness/peers.ts";
import { startRelay } from "../harness/relay.ts";
import { tokenFor } from "../harness/token.ts";
import { openSocket } from "../harness/udp-peer.ts";

async function failure(promise: Promise<unknown>): Promise<QuicpipeError> {
  return (await promise.then(
    () => new Error("it did not fail"),
    (error: unknown) => error,
  )) as QuicpipeError;
}

const registered = "it came as far as `deliver`";

function failToDeliver(): Promise<void> {
  return Promise.reject(Object.assign(new RangeError("no paper"), { code: registered }));
}

/** Holds back the timers of this duration, and returns the function that lets them expire. */
function holdTimers(durationMs: number): () => void {
  const real = globalThis.setTimeout;
  const held: (() => void)[] = [];
  const hold = (callback: (...args: unknown[]) => void, ms?: number, ...args: unknown[]): NodeJS.Timeout => {
    if (ms === durationMs) held.push(() => callback(...args));
    return ms === durationMs ? real(() => undefined) : real(callback, ms, ...args);
  };
  vi.spyOn(globalThis, "setTimeout").mockImplementation(hold as typeof setTimeout);
  onTestFinished(() => void vi.restoreAllMocks());
  return () => held.forEach((expire) => expire());
}

/** Watches a call to the relay. Resolves when the peer has had an answer with this state to it. */
function answered(call: "send" | "sentMessage", state: MessageState): () => Promise<void> {
  const states: MessageState[] = [];
  const real = RelayClient.prototype[call] as (...args: unknown[]) => Promise<SentMessage>;
  vi.spyOn(RelayClient.prototype, call).mockImplementation(async function (
    this: RelayClient,
    ...args: unknown[]
  ) {
    const answer = await real.apply(this, args);
    states.push(answer.state);
    return answer;
  });
  return async () => {
    await expect.poll(() => states).toContain(state);
    await nextTurn();
  };
}

describe("a dial that leads nowhere", () => {
  // Also by one that is shorter than a message may live.
  it.each([700, 29_000])(
    "ends by its deadline of %d ms where no peer listens, and takes its message back",
    async (timeoutMs) => {
      const { relay, port } = await startPeerRelay();
      const alice = await bindPeer(port, "alice");
      const { bob } = await testIdentities();
      const expire = holdTimers(timeoutMs);
      const isQueued = answered("send", "queued");
      const dial = failure(alice.dial("bob", { pin: bob.pin, timeoutMs }));
      await isQueued();
      expire();
      const error = await dial;
      expect(error).toMatchObject({ code: "ERR_QUICPIPE_DIAL_TIMEOUT", details: { step: "queued" } });
      expect(String(error)).toContain(`within ${timeoutMs / 1000} s: the message is still in its mailbox`);
      const none = { registrations: 0, mailbox: { queued: 0 } };
      await expect.poll(() => relay.stats()).toMatchObject(none);
    },
  );

  it("is refused before anything is sent, as an accept is, for an option that there is none of", async () => {
    const { port } = await startPeerRelay();
    const alice = await bindPeer(port, "alice");
    const wrong = { trust: "insecure", timeout: 5 } as const;
    const refusal = { code: "ERR_QUICPIPE_OPTION_INVALID", details: { option: "timeout" } };
    expect(await failure(alice.dial("bob", wrong))).toMatchObject(refusal);
    expect(await failure(alice.accept([], wrong))).toMatchObject(refusal);
  });

  it("is refused by the name of what is wrong, as an accept is", async () => {
    const { port } = await startPeerRelay();
    const alice = await bindPeer(port, "alice");
    const trust = "insecure";
    for (const [option, call] of [
      ["target", () => alice.dial(undefined as never, { trust })],
      ["target", () => alice.dial({} as never, { trust })],
      ["note", () => alice.dial("bob", { trust, note: 5 as never })],
      ["signal", () => alice.dial("bob", { trust, signal: {} as never })],
      ["signal", () => alice.accept([], { trust, signal: {} as never })],
      ["packets", () => alice.accept({ timeoutMs: 5 } as never, { trust })],
    ] as const)
      expect(await failure(call())).toMatchObject({
        code: "ERR_QUICPIPE_OPTION_INVALID",
        details: { option },
      });
  });

  it("ends by its deadline where the message was taken and nothing comes back", async () => {
    const { relay, port } = await startPeerRelay();
    const proxy = await DatagramProxy.open(port);
    const { alice: a, bob: b } = await testIdentities();
    const alice = await bindPeer(port, "alice");
    const bob = await bindPeer(proxy.port, "bob", { trust: [a.pin], handshakeTimeoutMs: 1000 });
    const next = nextConnection(bob).catch(() => undefined);
    // Only peer-to-peer packets of bob's get lost: their connection IDs are not the gateway's.
    const taken = (): boolean => relay.stats().mailbox.taken > 0;
    proxy.dropOut = taken;
    const expire = holdTimers(29_000);
    const isTaken = answered("sentMessage", "taken");
    const dial = failure(alice.dial("bob", { pin: b.pin, timeoutMs: 29_000 }));
    await isTaken();
    expire();
    expect(await dial).toMatchObject({ code: "ERR_QUICPIPE_DIAL_TIMEOUT", details: { step: "taken" } });
    await bob.close();
    await next;
  });

  it("is told at once that the other peer has used up its registrations", async () => {
    const { relay, port } = await startPeerRelay();
    const ids = await testIdentities();
    const errors: QuicpipeError[] = [];
    const quota = { quicpipe: { maxRegistrations: 1 } };
    const bob = await bindPeer(port, "bob", {
      token: await tokenFor("bob", quota),
      trust: [ids.alice.pin, ids.eve.pin],
      onError: (error) => errors.push(error),
    });
    const [alice, eve] = [await bindPeer(port, "alice"), await bindPeer(port, "eve")];
    const first = nextConnection(bob);
    await alice.dial("bob", { pin: ids.bob.pin });
    await first;
    // An hour, so that only the refusal can end it.
    const error = await failure(eve.dial("bob", { pin: ids.bob.pin, timeoutMs: 3_600_000 }));
    expect(error).toMatchObject({
      code: "ERR_QUICPIPE_DIAL_REFUSED",
      details: { reason: "no-registrations" },
    });
    expect(error.message).toContain("bob refused: the relay gives it no registration");
    expect(errors).toMatchObject([{ code: "ERR_QUICPIPE_REGISTRATION_QUOTA" }]);
    // Those of the first connection.
    const left = { registrations: 2, mailbox: { queued: 0, refused: 1 } };
    await expect.poll(() => relay.stats()).toMatchObject(left);
  });

  it("is told the reason that the other peer's `accepts` gives", async () => {
    const { port } = await startPeerRelay();
    const ids = await testIdentities();
    const bob = await bindPeer(port, "bob", {
      trust: [ids.alice.pin],
      accepts: ({ sender }) => sender === "alice" || "not-trusted",
    });
    const next = nextConnection(bob);
    const eve = await bindPeer(port, "eve");
    const error = await failure(eve.dial("bob", { pin: ids.bob.pin, timeoutMs: 3_600_000 }));
    expect(error).toMatchObject({ code: "ERR_QUICPIPE_DIAL_REFUSED", details: { reason: "not-trusted" } });
    const alice = await bindPeer(port, "alice");
    await alice.dial("bob", { pin: ids.bob.pin });
    expect((await next).remoteName).toBe("alice");
  });

  it("ends at once by its signal", async () => {
    const { port, relay } = await startPeerRelay();
    const alice = await bindPeer(port, "alice");
    const { bob } = await testIdentities();
    const controller = new AbortController();
    const error = failure(alice.dial("bob", { pin: bob.pin, signal: controller.signal }));
    await expect.poll(() => relay.stats().mailbox.queued).toBe(1);
    controller.abort(new RangeError("changed my mind"));
    expect(await error).toBeInstanceOf(RangeError);
    await expect.poll(() => alice.stats()).toMatchObject({ connections: 0, registrations: 0 });
  });

  it("ends with what `deliver` throws", async () => {
    const { port } = await startPeerRelay();
    const alice = await bindPeer(port, "alice");
    const dialing = alice.dial({ deliver: failToDeliver }, { trust: "insecure" });
    expect(await failure(dialing)).toBeInstanceOf(RangeError);
  });

  it("says that the token has expired", async () => {
    const { port } = await startPeerRelay();
    const alice = await bindPeer(port, "alice", { token: await tokenFor("alice", { exp: 1 }) });
    const { bob } = await testIdentities();
    const error = await failure(alice.dial("bob", { pin: bob.pin }));
    expect(error).toMatchObject({ code: "ERR_QUICPIPE_TOKEN_EXPIRED", details: { status: 401 } });
  });

  it("asks for a token each time, so that a new one can be given", async () => {
    const { port } = await startPeerRelay();
    const tokens = [await tokenFor("alice", { exp: 1 }), await tokenFor("alice")];
    const alice = await bindPeer(port, "alice", { token: () => tokens.shift() ?? tokenFor("alice") });
    const { bob } = await testIdentities();
    const error = await failure(alice.dial("bob", { pin: bob.pin, timeoutMs: 1000 }));
    expect(error.code).toBe("ERR_QUICPIPE_DIAL_TIMEOUT");
  });

  it("says that the recipient's mailbox is full", async () => {
    const { relay, port } = await startPeerRelay({ limits: { maxMessagesPerRecipient: 1 } });
    const [alice, eve] = [await bindPeer(port, "alice"), await bindPeer(port, "eve")];
    const { bob } = await testIdentities();
    const first = failure(alice.dial("bob", { pin: bob.pin, timeoutMs: 120_000 }));
    await expect.poll(() => relay.stats().mailbox.queued).toBe(1);
    // Asked again each second, until there is less than that left.
    const second = eve.dial("bob", { pin: bob.pin, timeoutMs: 5000 });
    expect(await codeOf(second)).toBe("ERR_QUICPIPE_MAILBOX_FULL");
    await alice.close();
    await first;
  });

  it("says that the relay is out of reach", async () => {
    const silent = await openSocket();
    const alice = await bindPeer(silent.address().port, "alice", { requestTimeoutMs: 500 });
    const error = await failure(alice.dial("bob", { trust: "insecure" }));
    expect(error.code).toBe("ERR_QUICPIPE_RELAY_UNREACHABLE");
  });

  it("is refused after the peer was closed", async () => {
    const { port } = await startPeerRelay();
    const alice = await bindPeer(port, "alice");
    const pending = codeOf(alice.dial("bob", { trust: "insecure" }));
    await alice.close();
    expect(await pending).toMatch(/ERR_QUICPIPE_(?:CLOSED|CONNECTION_CLOSED|RELAY_UNREACHABLE)/);
    expect(await codeOf(alice.dial("bob", { trust: "insecure" }))).toBe("ERR_QUICPIPE_CLOSED");
    expect(await codeOf(alice.accept([], { trust: "insecure" }))).toBe("ERR_QUICPIPE_CLOSED");
  });
});

describe("an accepter", () => {
  it("tells the relay which process of which peer it is, by names that nobody else knows", async () => {
    const { port } = await startPeerRelay();
    const ids = await testIdentities();
    const spy = vi.spyOn(RelayClient.prototype, "take");
    onTestFinished(() => spy.mockRestore());
    const alice = await bindPeer(port, "alice");
    const instances: (InstanceName | undefined)[] = [];
    for (const own of [{}, {}, { identity: ids.eve }]) {
      const bob = await bindPeer(port, "bob", { trust: [ids.alice.pin], ...own });
      const next = nextConnection(bob);
      await alice.dial("bob", { pin: bob.pin });
      await next;
      await bob.close();
      instances.push(spy.mock.lastCall?.[1].register?.instance);
    }
    const [first, again, other] = instances;
    expect(again).toMatchObject({ holder: first!.holder });
    expect(again!.run).not.toBe(first!.run);
    expect(other!.holder).not.toBe(first!.holder);
  });

  it("accepts many dials at once", async () => {
    const { alice, bob } = await connectPeers();
    const { bob: identity } = await testIdentities();
    const dials = Array.from({ length: 10 }, () => alice.dial("bob", { pin: identity.pin }));
    const accepted: unknown[] = [];
    for await (const connection of bob) if (accepted.push(connection) === 10) break;
    expect(await Promise.all(dials)).toHaveLength(10);
  });

  it("accepts more dials at once than its mailbox holds: those that find it full come back", async () => {
    const { relay, port } = await startPeerRelay();
    const ids = await testIdentities();
    const alice = await bindPeer(port, "alice");
    const bob = await bindPeer(port, "bob", { trust: [ids.alice.pin] });
    const dials = Array.from({ length: 50 }, () =>
      alice.dial("bob", { pin: ids.bob.pin, timeoutMs: 90_000 }),
    );
    const accepted: unknown[] = [];
    for await (const connection of bob) if (accepted.push(connection) === 50) break;
    expect(await Promise.all(dials)).toHaveLength(50);
    const { refused } = relay.stats();
    const full = Object.entries(refused).filter(([code]) => /MAILBOX_FULL|SENDER_QUOTA/.test(code));
    expect(full.reduce((sum, [, times]) => sum + times, 0)).toBeGreaterThan(0);
  });

  it("goes on when a message holds something that is no handshake", async () => {
    const { alice: a, bob: b } = await testIdentities();
    const { port } = await startPeerRelay();
    const errors: QuicpipeError[] = [];
    const [alice, eve] = [await bindPeer(port, "alice"), await bindPeer(port, "eve")];
    const bob = await bindPeer(port, "bob", {
      trust: [a.pin],
      handshakeTimeoutMs: 500,
      onError: (error) => errors.push(error),
    });
    const accepted = nextConnection(bob);
    // Eve is not trusted.
    expect(await codeOf(eve.dial("bob", { trust: "insecure" }))).toBe("ERR_QUICPIPE_PIN_MISMATCH");
    await alice.dial("bob", { pin: b.pin });
    expect((await accepted).remoteName).toBe("alice");
    expect(errors.map(({ code }) => code)).toContain("ERR_QUICPIPE_PIN_MISMATCH");
  });

  it("refuses packets that are no first flight", async () => {
    const { port } = await startPeerRelay();
    const bob = await bindPeer(port, "bob");
    for (const packets of [[], [new Uint8Array(1200)], [Buffer.from("hello")]])
      expect(await codeOf(bob.accept(packets, { trust: "insecure" }))).toBe("ERR_QUICPIPE_INITIAL_INVALID");
  });

  it("gives a first flight up that no dialer stands behind", async () => {
    const { port } = await startPeerRelay();
    const bob = await bindPeer(port, "bob", { handshakeTimeoutMs: 300 });
    const garbage = Buffer.alloc(1200, 0x5a);
    // A QUIC v1 Initial by its looks: 8-byte DCID, empty source CID and token, length to the end.
    garbage.set([0xc3, 0, 0, 0, 1, 8], 0);
    garbage.set([0, 0, 0x44, 0x9e], 14);
    expect(await codeOf(bob.accept([garbage], { trust: "insecure" }))).toBe("ERR_QUICPIPE_HANDSHAKE_FAILED");
    await expect.poll(() => bob.stats()).toMatchObject({ connections: 0, registrations: 0 });
  });

  it("stops for good, with the reason, where its token is refused for good", async () => {
    const { port } = await startPeerRelay();
    const bob = await bindPeer(port, "bob", { trust: "insecure", token: await tokenFor("bob", { exp: 1 }) });
    expect(await codeOf(nextConnection(bob))).toBe("ERR_QUICPIPE_TOKEN_EXPIRED");
  });

  it("ends its iteration when the peer is closed", async () => {
    const { port } = await startPeerRelay();
    const bob = await bindPeer(port, "bob", { trust: "insecure" });
    const next = bob[Symbol.asyncIterator]().next();
    await sleep(100);
    await bob.close();
    expect(await next).toEqual({ done: true, value: undefined });
  });
});

/** A CA, an intermediate one and a server certificate, made with openssl; and another CA. */
function createChain(names: string): { ca: string; otherCa: string; chain: string; key: string } {
  const folder = temporaryFolder();
  const openssl = (...args: string[]): void =>
    void execFileSync("openssl", args, { cwd: folder, stdio: "ignore" });
  const read = (name: string): string => readFileSync(join(folder, name), "utf8");
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  for (const name of ["ca", "other"])
    openssl(
      "req",
      "-x509",
      ...newKey,
      "-keyout",
      `${name}.key`,
      "-out",
      `${name}.pem`,
      "-subj",
      `/CN=${name}`,
    );
  writeFileSync(join(folder, "mid.ext"), "basicConstraints=critical,CA:TRUE\n");
  writeFileSync(join(folder, "leaf.ext"), `subjectAltName=${names}\n`);
  for (const [name, issuer] of [
    ["mid", "ca"],
    ["leaf", "mid"],
  ] as const) {
    openssl("req", ...newKey, "-keyout", `${name}.key`, "-out", `${name}.csr`, "-subj", `/CN=${name}`);
    const signer = ["-CA", `${issuer}.pem`, "-CAkey", `${issuer}.key`, "-CAcreateserial"];
    openssl(
      "x509",
      "-req",
      "-in",
      `${name}.csr`,
      ...signer,
      "-out",
      `${name}.pem`,
      "-extfile",
      `${name}.ext`,
    );
  }
  return {
    ca: read("ca.pem"),
    otherCa: read("other.pem"),
    chain: read("leaf.pem") + read("mid.pem"),
    key: read("leaf.key"),
  };
}

/** How far a peer comes with a relay whose certificate is `tls`: `registered`, or the code of the error before. */
async function registerAt(
  host: string,
  relayCa: string | undefined,
  tls: { chain: string; key: string },
): Promise<string | undefined> {
  const { port } = await startRelay({}, new H3(), { key: tls.key, cert: tls.chain });
  const peer = await Peer.bind({
    relay: `https://${host}:${port}`,
    ...(relayCa !== undefined && { relayCa }),
    host: "127.0.0.1",
    requestTimeoutMs: 2000,
  });
  try {
    return await codeOf(peer.dial({ deliver: failToDeliver }, { trust: "insecure" }));
  } finally {
    await peer.close();
  }
}

describe("the relay's certificate", () => {
  it("is accepted where one of several trusted CAs issued it, by name and by address", async () => {
    const tls = createChain("DNS:localhost,IP:127.0.0.1");
    expect(await registerAt("127.0.0.1", tls.otherCa + tls.ca, tls)).toBe(registered);
    expect(await registerAt("127.0.0.1", tls.ca, tls)).toBe(registered);
    expect(await registerAt("127.0.0.1", "insecure", tls)).toBe(registered);
  });

  it("is refused where no trusted CA issued it", async () => {
    const tls = createChain("DNS:localhost,IP:127.0.0.1");
    expect(await registerAt("127.0.0.1", tls.otherCa, tls)).toBe("ERR_QUICPIPE_RELAY_UNREACHABLE");
    expect(await registerAt("127.0.0.1", undefined, tls)).toBe("ERR_QUICPIPE_RELAY_UNREACHABLE");
  });

  it("is refused where it is for another name or address", async () => {
    const tls = createChain("DNS:elsewhere.example,IP:127.0.0.2");
    expect(await registerAt("127.0.0.1", tls.ca, tls)).toBe("ERR_QUICPIPE_RELAY_UNREACHABLE");
    expect(await registerAt("localhost", tls.ca, tls)).toBe("ERR_QUICPIPE_RELAY_UNREACHABLE");
  });
});
