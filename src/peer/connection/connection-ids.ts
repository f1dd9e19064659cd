import { randomBytes } from "node:crypto";
import * as defaults from "../../defaults/index.ts";
import { cidBytes, deriveConnectionIds, unpackConnectionIds } from "../../wire/connection-id.ts";
import type { DatagramSink, PeerSocket } from "../socket.ts";

/**
 * The connection IDs of one connection. They derive from a key of its own, and are as many as its registration covers:
 * the relay would not know any other. The engine uses them in the order of their numbers, each once.
 */
export class ConnectionIds {
  /** The registration's key; secret between this peer and the relay. */
  readonly key: Uint8Array;
  readonly #ids: Uint8Array[] = [];

  constructor(num: number, key: Uint8Array = randomBytes(defaults.keyBytes)) {
    this.key = key;
    this.grow(num);
  }

  /** How many there are. */
  get num(): number {
    return this.#ids.length;
  }

  /** Adds those up to number `num`. They have no route before {@link route} is called again. */
  grow(num: number): void {
    this.#ids.push(...unpackConnectionIds(deriveConnectionIds(this.key, this.num + 1, num)));
  }

  /** Routes all IDs to `sink`, even retired ones: late packets still belong to the connection. */
  route(socket: Pick<PeerSocket, "addRoute">, sink: DatagramSink): void {
    for (const id of this.#ids) socket.addRoute(id, sink);
  }

  unroute(socket: Pick<PeerSocket, "removeRoute">): void {
    for (const id of this.#ids) socket.removeRoute(id);
  }
}

/** Reports whether a connection ID can be a peer's: 12 bytes with the top bit clear. */
export function isPeerId(connectionId: Uint8Array): boolean {
  return connectionId.length === cidBytes && connectionId[0]! < 0x80;
}
