import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { setImmediate as nextTurn } from "node:timers/promises";
import * as defaults from "../../src/defaults/index.ts";
import {
  type BackendChoice,
  type BucketId,
  createForwarder,
  type Forwarder,
  type SessionId,
  type StunRegistration,
} from "../../src/forwarder/index.ts";
import type { Address } from "../../src/wire/address.ts";
import { credential, knownBytes, knownCid, knownDestination, makeGarbage } from "./datagrams.ts";
import type { Random } from "./random.ts";

const host = "127.0.0.1";
const strangerCount = 48;
/** Fewer than peers, so that some peers share a rate. */
const subjects = 4;
/** Half of the strangers find no place, so that refusals are tested as well. */
const maxGatewayClients: number = strangerCount / 2;
const settleMs = 2000;

/** A real forwarder on loopback, surrounded by registered peers and strangers, with a count of what they throw. */
export class FuzzRelay {
  readonly forwarder: Forwarder;
  readonly #random: Random;
  readonly #upstream: Socket;
  readonly #peers: Socket[];
  readonly #strangers: Socket[];
  readonly #sessions: SessionId[];
  readonly #buckets: BucketId[];
  #sent = 0;
  #replies = 0;

  /** @param onError receives faults of the forwarder's socket. */
  static async open(
    random: Random,
    backend: BackendChoice,
    onError: (error: Error) => void,
  ): Promise<FuzzRelay> {
    const upstream = await openSocket();
    const registration: StunRegistration = {
      secret: credential.password,
      proven: () => (random(2) === 0 ? "accepted" : "refused"),
    };
    const forwarder = await createForwarder({
      host,
      port: 0,
      upstream: addressOf(upstream),
      backend,
      threads: 1,
      sourcePolicy: "registered",
      stun: "public",
      authority: {
        stunRegistration: (id) => (id === credential.username ? registration : undefined),
      },
      maxSessions: 1024,
      maxBuckets: 1024,
      maxGatewayClients,
      socketBufferBytes: defaults.socketBufferBytes,
      onError,
      now: Date.now,
    });
    const peers = await Promise.all(Array.from({ length: knownBytes }, openSocket));
    const strangers = await Promise.all(Array.from({ length: strangerCount }, openSocket));
    return new FuzzRelay(random, forwarder, upstream, peers, strangers);
  }

  private constructor(
    random: Random,
    forwarder: Forwarder,
    upstream: Socket,
    peers: Socket[],
    strangers: Socket[],
  ) {
    this.#random = random;
    this.forwarder = forwarder;
    this.#upstream = upstream;
    this.#peers = peers;
    this.#strangers = strangers;
    this.#buckets = Array.from({ length: subjects }, () => forwarder.openBucket(this.#rate()));
    this.#sessions = peers.map((_, i) => this.#openSession(i));
    // Answers every other datagram, so that the way back is tested as well.
    let received = 0;
    upstream.on("message", (datagram, { address, port }) => {
      // What is sent to a client that is gone reaches no socket of dgram, so that nothing can count it.
      const isGone = forwarder.backend === "dgram" && !forwarder.clientOf(address, port);
      if (received++ % 2 === 0 || isGone) return;
      this.#replies++;
      upstream.send(datagram, port, address);
    });
  }

  get sent(): number {
    return this.#sent;
  }

  /** Datagrams that the forwarder's counters do not account for. */
  get missing(): number {
    const { relayed, gateway, stun, dropped } = this.forwarder.stats();
    const passed = relayed.packets + gateway.packetsIn + gateway.packetsOut;
    const { answered, repeated, unmoved, challenged, outdated, rejected } = stun;
    const replies = answered + repeated + unmoved + challenged + outdated + rejected;
    const drops = Object.values(dropped).reduce((sum, count) => sum + count);
    // An initial route that is refused is no datagram.
    const lost = drops - dropped["initial-route-taken"];
    return this.#sent + this.#replies - passed - replies - lost;
  }

  throwOne(): void {
    const random = this.#random;
    const throwers = random(3) === 0 ? this.#strangers : this.#peers;
    const { address, port } = this.forwarder.address();
    throwers[random(throwers.length)]!.send(makeGarbage(random), port, address);
    this.#sent++;
  }

  /**
   * Moves a session, removes its address or replaces it by a new one. Then changes the rate of a subject and adds an
   * initial route.
   */
  unsettle(): void {
    const random = this.#random;
    const i = random(knownBytes);
    const address = random(8) === 0 ? null : addressOf(this.#peers[random(knownBytes)]!);
    if (random(2) === 0) this.forwarder.updateSession(this.#sessions[i]!, { address });
    else {
      this.forwarder.closeSession(this.#sessions[i]!);
      this.#sessions[i] = this.#openSession(i);
    }
    this.forwarder.shapeBucket(this.#buckets[random(subjects)]!, this.#rate());
    this.forwarder.routeInitial({
      destinationId: knownDestination(random),
      to: this.#sessions[random(knownBytes)]!,
      from: this.#sessions[random(knownBytes)]!,
      expiresAtMs: Date.now() + random(1000),
    });
  }

  /** Waits until every datagram is accounted for. Returns `false` if that takes too long. */
  async settles(): Promise<boolean> {
    const deadline = Date.now() + settleMs;
    while (this.missing !== 0 && Date.now() < deadline) await nextTurn();
    return this.missing === 0;
  }

  async close(): Promise<void> {
    await this.forwarder.close();
    for (const socket of [this.#upstream, ...this.#peers, ...this.#strangers]) socket.close();
  }

  #rate(): number {
    return 1000 + this.#random(1_000_000);
  }

  #openSession(i: number): SessionId {
    return this.forwarder.openSession({
      cids: knownCid(i),
      address: addressOf(this.#peers[i]!),
      bucket: this.#buckets[this.#random(subjects)]!,
      expiresAtMs: Date.now() + this.#random(10_000),
    });
  }
}

async function openSocket(): Promise<Socket> {
  const socket = createSocket("udp4");
  socket.bind(0, host);
  await once(socket, "listening");
  return socket;
}

function addressOf(socket: Socket): Address {
  const { address, port } = socket.address();
  return { address, port };
}
