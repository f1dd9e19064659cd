import { onTestFinished } from "vitest";
import {
  type Connection,
  createIdentity,
  type Identity,
  Peer,
  type PeerOptions,
} from "../../../src/peer/index.ts";
import type { QuicpipeOptions } from "../../../src/plugin/index.ts";
import { testCertificate } from "./certificate.ts";
import { startRelay, type TestRelay } from "./relay.ts";
import { secret, tokenFor } from "./token.ts";

let identities: Promise<{ alice: Identity; bob: Identity; eve: Identity }> | undefined;

/** Three identities for all tests of a file. */
export function testIdentities(): Promise<{ alice: Identity; bob: Identity; eve: Identity }> {
  identities ??= Promise.all(["alice", "bob", "eve"].map((name) => createIdentity({ name }))).then(
    ([alice, bob, eve]) => ({ alice: alice!, bob: bob!, eve: eve! }),
  );
  return identities;
}

/** A relay that wants tokens, on loopback. */
export async function startPeerRelay(options: QuicpipeOptions = {}): Promise<TestRelay> {
  return await startRelay({ auth: { secret }, ...options });
}

/** Binds a peer to the relay on `port`; it is closed when the test ends. */
export async function bindPeer(
  port: number,
  name: "alice" | "bob" | "eve",
  options: Partial<PeerOptions> = {},
): Promise<Peer> {
  const { certificate } = await testCertificate();
  const peer = await Peer.bind({
    relay: `https://127.0.0.1:${port}`,
    relayCa: certificate,
    token: await tokenFor(name),
    identity: (await testIdentities())[name],
    host: "127.0.0.1",
    ...options,
  });
  onTestFinished(() => peer.close());
  return peer;
}

/** The next connection that a peer accepts. */
export async function nextConnection(peer: Peer): Promise<Connection> {
  const { value } = await peer[Symbol.asyncIterator]().next();
  if (!value) throw new Error("the peer was closed");
  return value;
}

/** Alice and bob, connected through a relay by way of its mailbox. */
export async function connectPeers(
  setup: {
    relay?: QuicpipeOptions;
    alice?: Partial<PeerOptions>;
    bob?: Partial<PeerOptions>;
    /** The port that a peer should use, if not the relay's own. */
    portFor?: (name: "alice" | "bob", relayPort: number) => Promise<number>;
  } = {},
): Promise<TestRelay & { alice: Peer; bob: Peer; near: Connection; far: Connection }> {
  const ids = await testIdentities();
  const started = await startPeerRelay(setup.relay);
  const { port } = started;
  const portFor = setup.portFor ?? ((_name, relayPort): Promise<number> => Promise.resolve(relayPort));
  const alice = await bindPeer(await portFor("alice", port), "alice", setup.alice);
  const bob = await bindPeer(await portFor("bob", port), "bob", {
    trust: [ids.alice.pin],
    ...setup.bob,
  });
  const accepting = nextConnection(bob);
  const near = await alice.dial("bob", { pin: ids.bob.pin });
  return { alice, bob, near, far: await accepting, ...started };
}

/** All that a stream brings, in one piece. */
export async function readAll(readable: ReadableStream<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of readable) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Writes bytes and ends the stream. */
export async function writeAll(writable: WritableStream<Uint8Array>, bytes: Uint8Array): Promise<void> {
  const writer = writable.getWriter();
  await writer.write(bytes);
  await writer.close();
}

/** Sends everything back that comes on a connection's bidirectional streams. */
export async function echo(connection: Connection): Promise<void> {
  for await (const { readable, writable } of connection.incomingBidirectionalStreams)
    readable.pipeTo(writable).catch(() => undefined);
}

/** One round trip of `text` on a stream of its own. */
export async function roundTrip(connection: Connection, text: string): Promise<string> {
  const { readable, writable } = await connection.createBidirectionalStream();
  // At the same time: an echo that keeps little waits for its reader.
  const [answer] = await Promise.all([readAll(readable), writeAll(writable, Buffer.from(text))]);
  return answer.toString();
}

/** What comes back of a greeting that alice sends bob through the relay on `port`, which echoes it. */
export async function talk(port: number): Promise<string> {
  const { alice, bob } = await testIdentities();
  const dialer = await bindPeer(port, "alice", { direct: "never" });
  const accepter = await bindPeer(port, "bob", { trust: [alice.pin] });
  const accepting = nextConnection(accepter);
  const near = await dialer.dial("bob", { pin: bob.pin });
  void echo(await accepting).catch(() => undefined);
  return await roundTrip(near, "hello");
}

/** The code an error has, for a rejected promise. */
export async function codeOf(promise: Promise<unknown>): Promise<string | undefined> {
  try {
    await promise;
    return undefined;
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}
