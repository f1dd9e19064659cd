import { randomBytes } from "node:crypto";
import * as defaults from "../../defaults/index.ts";
import { cidBytes, deriveConnectionIds, unpackConnectionIds } from "../../wire/connection-id.ts";
import type { DatagramSink, PeerSocket, Receiver } from "../socket.ts";

/**
 * The connection IDs of one connection. They derive from a key of its own, and are as many as its registration covers:
 * the relay would not know any other. The engine uses them in the order of their numbers, each once.
 */
export class ConnectionIds {
  /** The registration's key; secret between this peer and the relay. */
  readonly key: Uint8Array;
  readonly #all: Uint8Array[] = [];

  constructor(num: number, key: Uint8Array = randomBytes(defaults.keyBytes)) {
    this.key = key;
    this.grow(num);
  }

  get all(): readonly Uint8Array[] {
    return this.#all;
  }

  /** How many there are. */
  get num(): number {
    return this.#all.length;
  }

  /** Adds those up to number `num`. They have no route before {@link route} is called again. */
  grow(num: number): void {
    this.#all.push(...unpackConnectionIds(deriveConnectionIds(this.key, this.num + 1, num)));
  }

  /** Routes all IDs to `sink`, even retired ones: late packets still belong to the connection. */
  route(socket: Pick<PeerSocket, "addRoute">, sink: DatagramSink): void {
    for (const id of this.all) socket.addRoute(id, sink);
  }

  /** Lets their packets go to the receiver directly, if the socket can. Returns a function that ends it. */
  attach(socket: Pick<PeerSocket, "attach">, receiver: Receiver): () => void {
    return socket.attach(this.all, receiver);
  }

  unroute(socket: Pick<PeerSocket, "removeRoute">): void {
    for (const id of this.all) socket.removeRoute(id);
  }
}

/** Reports whether a connection ID can be a peer's: 12 bytes with the top bit clear. */
export function isPeerId(connectionId: Uint8Array): boolean {
  return connectionId.length === cidBytes && connectionId[0]! < 0x80;
}
