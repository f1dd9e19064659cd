import { describe, expect, it } from "vitest";
import type { Alpn, PeerOptions, Trust } from "../../../src/peer/index.ts";
import { createCertificate } from "../../../src/gateway/index.ts";
import { isQuicpipeError, loadIdentity } from "../../../src/peer/index.ts";
import {
  bindPeer,
  codeOf,
  echo,
  nextConnection,
  roundTrip,
  startPeerRelay,
  testIdentities,
} from "../harness/peers.ts";

/** What both sides say when alice dials bob's first flight out of band. */
async function outcomes(
  dialer: Trust,
  accepter: Trust,
  options: { alice?: Partial<PeerOptions>; bob?: Partial<PeerOptions> } = {},
): Promise<{ near: unknown; far: unknown }> {
  const { port } = await startPeerRelay();
  const alice = await bindPeer(port, "alice", options.alice);
  const bob = await bindPeer(port, "bob", options.bob);
  const far = Promise.withResolvers<unknown>();
  const deliver = (packets: readonly Uint8Array[]): void =>
    void bob.accept(packets, { trust: accepter }).then(far.resolve, far.resolve);
  const near = await alice.dial({ deliver }, { trust: dialer }).catch((error: unknown) => error);
  return { near, far: await far.promise };
}

const connected = { path: { kind: "relay" } };

describe("trust between peers", () => {
  it("refuses an accepter with another certificate, on both sides, before showing its own", async () => {
    const { alice, bob, eve } = await testIdentities();
    const { near, far } = await outcomes([eve.pin], [alice.pin]);
    expect(near).toMatchObject({
      code: "ERR_QUICPIPE_PIN_MISMATCH",
      details: { pin: bob.pin, refusedBy: "this peer" },
    });
    expect(far).toMatchObject({
      code: "ERR_QUICPIPE_PIN_MISMATCH",
      details: { pin: bob.pin, refusedBy: "the other peer" },
    });
  });

  it("refuses a dialer with another certificate, on both sides", async () => {
    const { alice, bob, eve } = await testIdentities();
    const { near, far } = await outcomes([bob.pin], [eve.pin]);
    expect(far).toMatchObject({
      code: "ERR_QUICPIPE_PIN_MISMATCH",
      details: { pin: alice.pin, refusedBy: "this peer" },
    });
    expect(near).toMatchObject({
      code: "ERR_QUICPIPE_PIN_MISMATCH",
      details: { pin: alice.pin, refusedBy: "the other peer" },
    });
  });

  it("asks a function, and waits for its answer", async () => {
    const { alice, bob } = await testIdentities();
    const asked: unknown[] = [];
    const { near, far } = await outcomes([bob.pin], async (remoteName, pin) => {
      asked.push([remoteName, pin]);
      await new Promise((resolve) => setTimeout(resolve, 50));
      return true;
    });
    expect([near, far]).toMatchObject([connected, connected]);
    expect(asked).toEqual([[undefined, alice.pin]]);
  });

  it("takes a function that throws for a no", async () => {
    const { bob } = await testIdentities();
    const { far } = await outcomes([bob.pin], () => {
      throw new TypeError("no answer");
    });
    expect(far).toMatchObject({ code: "ERR_QUICPIPE_PIN_MISMATCH" });
  });

  it("takes certificates of a CA, and no others", async () => {
    const named = await createCertificate({ name: "bob", hosts: ["bob"] });
    const identity = loadIdentity(named.privateKey + named.certificate);
    const ca = { ca: named.certificate };
    const { alice } = await testIdentities();
    const accepted = await outcomes(ca, [alice.pin], { bob: { identity } });
    expect(accepted).toMatchObject({ near: connected, far: connected });
    const refused = { code: "ERR_QUICPIPE_HANDSHAKE_FAILED" };
    expect(await outcomes(ca, [alice.pin])).toMatchObject({ near: refused, far: refused });
  });

  it.each([
    ["bob", undefined],
    ["carol", "ERR_QUICPIPE_PIN_MISMATCH"],
  ])("dials bob where a CA issued the certificate for %s: %s", async (host, code) => {
    const named = await createCertificate({ name: host, hosts: [host] });
    const { port } = await startPeerRelay();
    const alice = await bindPeer(port, "alice");
    const identity = loadIdentity(named.privateKey + named.certificate);
    const bob = await bindPeer(port, "bob", { identity, trust: [alice.pin] });
    // Where alice refuses, no connection comes until the peer is closed.
    nextConnection(bob).catch(() => undefined);
    expect(await codeOf(alice.dial("bob", { trust: { ca: named.certificate } }))).toBe(code);
  });

  it("talks to anybody where that is spelled out on both sides, without certificates of dialers", async () => {
    const { port } = await startPeerRelay();
    const [alice, bob] = [await bindPeer(port, "alice"), await bindPeer(port, "bob")];
    let accepting: ReturnType<typeof bob.accept> | undefined;
    const deliver = (packets: readonly Uint8Array[]): void => {
      accepting = bob.accept(packets, { trust: "insecure" });
    };
    const near = await alice.dial({ deliver }, { trust: "insecure" });
    const far = await accepting!;
    void echo(far);
    expect(await roundTrip(near, "hello")).toBe("hello");
    expect(far.remotePin).toBeUndefined();
  });

  it("names the ALPN where the peers have none in common", async () => {
    const { port } = await startPeerRelay();
    const alice = await bindPeer(port, "alice", { alpn: "one" });
    const bob = await bindPeer(port, "bob", { alpn: "another" });
    const deliver = (packets: readonly Uint8Array[]): void =>
      void bob.accept(packets, { trust: "insecure" }).catch(() => undefined);
    const error = await alice.dial({ deliver }, { trust: "insecure" }).catch((reason: unknown) => reason);
    expect(isQuicpipeError(error) && error.code).toBe("ERR_QUICPIPE_HANDSHAKE_FAILED");
    expect(String(error)).toContain("ALPN");
  });

  it("tells the dialer at once that there is no ALPN in common, also where its first flight takes two datagrams", async () => {
    const { port } = await startPeerRelay();
    const alice = await bindPeer(port, "alice", { alpn: "one" });
    const bob = await bindPeer(port, "bob", { alpn: "another", trust: "insecure" });
    void nextConnection(bob).catch(() => undefined);
    const error = await alice.dial("bob", { trust: "insecure" }).catch((reason: unknown) => reason);
    expect(isQuicpipeError(error) && error.code).toBe("ERR_QUICPIPE_HANDSHAKE_FAILED");
    expect(String(error)).toContain("ALPN");
  });

  it("agrees on the accepter's first ALPN that the dialer has, for each dial anew", async () => {
    const { alice: near } = await testIdentities();
    const { port } = await startPeerRelay();
    const alice = await bindPeer(port, "alice", { alpn: "one", trust: "insecure" });
    const bob = await bindPeer(port, "bob", { alpn: ["three", "two", "one"], trust: [near.pin] });
    const protocolsFor = async (alpn?: Alpn): Promise<string[]> => {
      const accepting = nextConnection(bob);
      const dialed = await alice.dial("bob", alpn === undefined ? {} : { alpn });
      return [dialed.protocol, (await accepting).protocol];
    };
    expect(await protocolsFor()).toEqual(["one", "one"]);
    expect(await protocolsFor("two")).toEqual(["two", "two"]);
    expect(await protocolsFor(["other", "two", "three"])).toEqual(["three", "three"]);
    const refused = alice.dial("bob", { alpn: [] });
    await expect(refused).rejects.toMatchObject({ code: "ERR_QUICPIPE_OPTION_INVALID" });
  });

  it("dials no peer without a word on whom to trust", async () => {
    const { port } = await startPeerRelay();
    const alice = await bindPeer(port, "alice");
    await expect(alice.dial("bob")).rejects.toMatchObject({ code: "ERR_QUICPIPE_OPTION_INVALID" });
    await expect(alice.dial("bob", { pin: "12345" })).rejects.toMatchObject({
      code: "ERR_QUICPIPE_OPTION_INVALID",
    });
    await expect(alice[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: "ERR_QUICPIPE_OPTION_INVALID",
    });
  });
});
