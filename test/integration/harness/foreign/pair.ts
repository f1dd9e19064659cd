import { expect } from "vitest";
import { type Connection, type Peer, pinOf } from "../../../../src/peer/index.ts";
import { ForeignPeer, type Stack } from "./peer.ts";
import { algorithms, createIdentityOf, type TlsIdentity } from "../identities.ts";
import { bindPeer, echo, nextConnection, startPeerRelay } from "../peers.ts";
import type { TestRelay } from "../relay.ts";

export type Kind = "Ed25519" | "ECDSA P-256";

export interface Pairing {
  readonly kind?: Kind;
  readonly env?: NodeJS.ProcessEnv;
}

/** A peer on another stack and one of this package, with a connection through a relay. */
export interface Pair {
  readonly relay: TestRelay;
  readonly foreign: ForeignPeer;
  readonly own: Peer;
  readonly connection: Connection;
}

export async function setUp({ kind = "ECDSA P-256" }: Pairing): Promise<{
  relay: TestRelay;
  theirs: TlsIdentity & { pin: string };
  ours: TlsIdentity & { pin: string };
}> {
  const [theirs, ours] = await Promise.all([
    createIdentityOf(algorithms[kind]),
    createIdentityOf(algorithms[kind]),
  ]);
  return {
    relay: await startPeerRelay(),
    theirs: { ...theirs, pin: pinOf(theirs.certificate) },
    ours: { ...ours, pin: pinOf(ours.certificate) },
  };
}

/** Alice is on another stack, and dials bob. */
export async function dialedBy(stack: Stack, pairing: Pairing = {}): Promise<Pair> {
  const { relay, theirs, ours } = await setUp(pairing);
  const own = await bindPeer(relay.port, "bob", { identity: ours, trust: [theirs.pin] });
  const accepting = nextConnection(own);
  const { env = {} } = pairing;
  const options = { stack, relay, name: "alice", identity: theirs, pin: ours.pin, env } as const;
  const foreign = await ForeignPeer.dial("bob", options);
  const connection = await accepting;
  await foreign.child.prints(/^connected$/m);
  expect(connection.remotePin).toBe(theirs.pin);
  void echo(connection);
  return { relay, foreign, own, connection };
}

/** Bob is on another stack, and alice dials it. */
export async function acceptedBy(stack: Stack, pairing: Pairing = {}): Promise<Pair> {
  const { relay, theirs, ours } = await setUp(pairing);
  const { env = {} } = pairing;
  const options = { stack, relay, name: "bob", identity: theirs, pin: ours.pin, env } as const;
  const foreign = await ForeignPeer.accept(options);
  const own = await bindPeer(relay.port, "alice", { identity: ours });
  const dialing = own.dial("bob", { pin: theirs.pin });
  await foreign.take();
  const connection = await dialing;
  await foreign.child.prints(/^connected$/m);
  void echo(connection);
  return { relay, foreign, own, connection };
}
