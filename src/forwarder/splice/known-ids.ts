/** How much of a destination connection ID is looked at, in bytes: all that the shortest of a client's first ones has. */
const prefixBytes = 8;
/** Where the DCID of a short header begins (RFC 8999 §5.2). */
const destinationAt = 1;
/** IDs remembered of a client: QUIC lets two be in use at least (RFC 9000 §18.2), and a change overlaps. */
const idsOfClient = 4;

/** The destination connection IDs that one client has used, newest last. */
export interface UsedIds {
  readonly ids: string[];
}

/**
 * The connection IDs under which clients of the gateway send, by their first 8 bytes, and whose connection that is: what
 * comes to one of them from a new address is likely to be a client that has moved.
 */
export class KnownIds<Connection> {
  /** How many clients use each. */
  readonly #known = new Map<string, { readonly connection: Connection; clients: number }>();

  /** The connection that a short header packet goes on with. */
  connectionOf(datagram: Uint8Array): Connection | undefined {
    return this.#known.get(prefixOf(datagram))?.connection;
  }

  /** A client sent this; an ID stays the connection's that came first with it. */
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
