import { randomBytes } from "node:crypto";
import * as defaults from "../../defaults/index.ts";
import { noBytes, ownBytes } from "../../own-memory.ts";
import { cidBytes, deriveConnectionIds, unpackConnectionIds } from "../../wire/connection-id.ts";
import type { DatagramSink, PeerSocket, Receiver } from "../socket.ts";

/**
 * The connection IDs of one connection. They derive from a key of its own, and are as many as its registration covers:
 * the relay would not know any other. The engine uses them in the order of their numbers, each once.
 */
export class ConnectionIds {
  /** The registration's key; secret between this peer and the relay. */
  readonly key: Uint8Array;
  /** Back to back: an array for each would take five times the memory. */
  #packed: Uint8Array = noBytes;

  constructor(num: number, key: Uint8Array = randomBytes(defaults.keyBytes)) {
    this.key = ownBytes(key);
    this.grow(num);
  }

  get all(): readonly Uint8Array[] {
    return [...unpackConnectionIds(this.#packed)];
  }

  /** How many there are. */
  get num(): number {
    return this.#packed.length / cidBytes;
  }

  /** Adds those up to number `num`. They have no route before {@link route} is called again. */
  grow(num: number): void {
    const more = deriveConnectionIds(this.key, this.num + 1, num);
    this.#packed = ownBytes(Buffer.concat([this.#packed, more]));
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
