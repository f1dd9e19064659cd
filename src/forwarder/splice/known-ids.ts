/** Bytes of a destination connection ID that are compared: the length of the shortest first DCID of a client. */
const prefixBytes = 8;
/** Offset of the DCID in a short header (RFC 8999 §5.2). */
const destinationAt = 1;
/** IDs remembered for each client. QUIC lets at least two be in use (RFC 9000 §18.2), and a change overlaps. */
const idsOfClient = 4;

/** Destination connection IDs that one client has used, newest last. */
export interface UsedIds {
  readonly ids: string[];
}

/**
 * Connection IDs that clients of the gateway send to, by their first 8 bytes, and their connections. A packet to one of them
 * from a new address likely comes from a client that has moved.
 */
export class KnownIds<Connection> {
  /** Connection of each ID, and its number of clients. */
  readonly #known = new Map<string, { readonly connection: Connection; clients: number }>();

  /** Returns the connection that a short header packet continues. */
  connectionOf(datagram: Uint8Array): Connection | undefined {
    return this.#known.get(prefixOf(datagram))?.connection;
  }

  /** Notes the ID of a client's packet. An ID stays with the connection that used it first. */
  note(client: UsedIds & { readonly connection: Connection }, datagram: Uint8Array): void {
    if (datagram.length < destinationAt + prefixBytes || datagram[0]! >= 0x80) return;
    const newest = client.ids.at(-1);
    if (newest !== undefined && isPrefix(newest, datagram)) return;
    this.#use(client, prefixOf(datagram));
  }

  forget({ ids }: UsedIds): void {
    for (const id of ids.splice(0)) this.#release(id);
  }

  #use({ ids, connection }: UsedIds & { readonly connection: Connection }, id: string): void {
    const at = ids.indexOf(id);
    if (at >= 0) ids.splice(at, 1);
    else if (!this.#acquire(id, connection)) return;
    ids.push(id);
    if (ids.length > idsOfClient) this.#release(ids.shift()!);
  }

  #acquire(id: string, connection: Connection): boolean {
    const known = this.#known.get(id) ?? { connection, clients: 0 };
    if (known.connection !== connection) return false;
    known.clients++;
    this.#known.set(id, known);
    return true;
  }

  #release(id: string): void {
    const known = this.#known.get(id)!;
    known.clients--;
    if (known.clients === 0) this.#known.delete(id);
  }
}

function prefixOf(datagram: Uint8Array): string {
  return String.fromCharCode(...datagram.subarray(destinationAt, destinationAt + prefixBytes));
}

/** Compares without making a string for each packet. */
function isPrefix(id: string, datagram: Uint8Array): boolean {
  for (let i = 0; i < prefixBytes; i++) if (id.charCodeAt(i) !== datagram[destinationAt + i]) return false;
  return true;
}
