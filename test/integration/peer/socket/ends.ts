import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { expect, onTestFinished } from "vitest";
import { ConnectionIds } from "../../../../src/peer/connection/connection-ids.ts";
import { Driver } from "../../../../src/peer/connection/driver.ts";
import type {
  Engine,
  EngineConnection,
  EngineOptions,
  PathEvent,
} from "../../../../src/peer/engine/contract.ts";
import { deafListener } from "../../../../src/peer/engine/deaf.ts";
import { type PacketRoute, PeerSocket } from "../../../../src/peer/socket.ts";
import type { Address } from "../../../../src/wire/address.ts";
import { makePair } from "../engine/pair.ts";

const loopback = "127.0.0.1";

/** A relay for two peers: it passes what comes from one on to the other. */
export class Relay {
  readonly #socket: Socket = createSocket("udp4");
  #ends: readonly number[] = [];
  /** Datagrams that have come to it. */
  passed = 0;
  /** Those of them that were longer than any path has to carry (RFC 9000 §14). */
  long = 0;
  /** Whether it loses long ones. */
  isNarrow = false;

  static async open(): Promise<Relay> {
    const relay = new Relay();
    relay.#socket.bind(0, loopback);
    await once(relay.#socket, "listening");
    onTestFinished(() => void relay.#socket.close());
    relay.#socket.on("message", (datagram, { port }) => {
      relay.passed++;
      if (datagram.length > 1200) relay.long++;
      if (datagram.length > 1200 && relay.isNarrow) return;
      for (const end of relay.#ends) if (end !== port) relay.#socket.send(datagram, end, loopback);
    });
    return relay;
  }

  get at(): Address {
    return { address: loopback, port: this.#socket.address().port };
  }

  serve(...peers: readonly PeerSocket[]): void {
    this.#ends = peers.map(({ local }) => local.port);
  }

  send(datagram: Uint8Array, to: PeerSocket): void {
    this.#socket.send(datagram, to.local.port, loopback);
  }
}

/** One end of a connection over a peer's socket. */
export class End {
  readonly socket: PeerSocket;
  readonly connection: EngineConnection;
  readonly ids: ConnectionIds;
  readonly driver: Driver;
  received = 0;
  isConfirmed = false;
  /** Where packets go that are not of the first path. */
  route: PacketRoute | undefined;
  /** Turns in which a copy of anything went by the relay. */
  mirrored = 0;
  /** Packets of other paths than the first that came by the relay. */
  detours = 0;
  /** How often the whole connection has stalled. */
  stalls = 0;
  readonly events: PathEvent[] = [];
  /** ECN bits of the datagrams that came past the attachment. */
  readonly routed: number[] = [];
  #toSend = 0;
  #stream: number | undefined;

  constructor(socket: PeerSocket, connection: EngineConnection, ids: ConnectionIds) {
    this.socket = socket;
    this.connection = connection;
    this.ids = ids;
    const flush = (_connection: EngineConnection, resume: () => void): void => {
      if (socket.flush(connection, resume, this.route)) this.mirrored++;
    };
    this.driver = new Driver(
      connection,
      { flush },
      {
        ...deafListener,
        onStalled: () => void this.stalls++,
        onPath: (event) => void this.events.push(event),
        onDetours: (count) => void (this.detours += count),
        onConfirmed: () => void (this.isConfirmed = true),
        onOpened: (kind) => this.#read(connection.acceptStream(kind)!),
        onReadable: (id) => this.#read(id),
        onTurn: () => this.#write(),
        onOver: () => undefined,
      },
    );
    ids.route(socket, (datagram, ecn) => {
      this.routed.push(ecn);
      this.driver.receive(datagram, ecn);
    });
    onTestFinished(() => this.driver.stop());
  }

  attach(): () => void {
    return this.ids.attach(this.socket, { engine: this.connection, onReceived: this.driver.onReceived });
  }

  send(bytes: number): void {
    this.#stream ??= this.connection.openStream("unidirectional")!;
    this.#toSend += bytes;
    this.driver.wake();
  }

  #write(): void {
    while (this.#toSend > 0) {
      const taken = this.connection.streamSend(this.#stream!, chunk.subarray(0, this.#toSend), false);
      if (typeof taken !== "number" || taken === 0) return;
      this.#toSend -= taken;
    }
  }

  #read(id: number): void {
    for (let read; (read = this.connection.streamReceive(id, scratch)) && "bytes" in read;)
      this.received += read.bytes;
  }
}

/** The ECN bits of a packet whose sender understands marks (RFC 3168 §5). */
export const ect0 = 2;
const chunk = Buffer.alloc(1 << 16, 1);
const scratch = Buffer.alloc(1 << 16);

/** Options of the engine, and whether the ends talk to each other from the first, or over a relay that loses long datagrams. */
type ConnectOptions = Partial<EngineOptions> & { readonly isDirect?: boolean; readonly isNarrow?: boolean };

/** Two ends whose handshake is over, by a relay or directly. */
export async function connect(
  engine: Engine | undefined,
  { isDirect = false, isNarrow = false, ...options }: ConnectOptions = {},
): Promise<{ alice: End; bob: End; relay: Relay }> {
  const relay = await Relay.open();
  relay.isNarrow = isNarrow;
  const bind = async (): Promise<PeerSocket> => {
    const socket = await PeerSocket.bind({ host: loopback, port: 0, relay: relay.at }, engine);
    onTestFinished(() => socket.close());
    return socket;
  };
  const [ids, sockets] = [
    [new ConnectionIds(64), new ConnectionIds(64)],
    [await bind(), await bind()],
  ];
  relay.serve(...sockets);
  if (isDirect) sockets.forEach((socket, i) => socket.moveTo(sockets[1 - i]!.local));
  const pair = await makePair(
    { cidLimit: 64, ...options, cidKey: ids[0]!.key },
    { cidLimit: 64, ...options, cidKey: ids[1]!.key },
  );
  const alice = new End(sockets[0]!, pair.client.engine, ids[0]!);
  const bob = new End(sockets[1]!, pair.server.engine, ids[1]!);
  for (const datagram of alice.connection.firstFlight()) bob.driver.receive(datagram, ect0);
  await expect.poll(() => alice.isConfirmed && bob.isConfirmed).toBe(true);
  return { alice, bob, relay };
}
