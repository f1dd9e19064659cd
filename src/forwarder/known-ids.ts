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
 * The connection IDs under which clients of the gateway send, by their first 8 bytes: what comes to one of them from a new
 * address is likely to be a client that has moved.
 */
export class KnownIds {
  /** How many clients use each. */
  readonly #clients = new Map<string, number>();

  /** Whether a short header packet carries a known one. */
  has(datagram: Uint8Array): boolean {
    return this.#clients.has(prefixOf(datagram));
  }

  /** A client sent this. */
  note(client: UsedIds, datagram: Uint8Array): void {
    if (datagram.length < destinationAt + prefixBytes || datagram[0]! >= 0x80) return;
    const newest = client.ids.at(-1);
    if (newest !== undefined && isPrefix(newest, datagram)) return;
    this.#use(client, prefixOf(datagram));
  }

  forget({ ids }: UsedIds): void {
    for (const id of ids.splice(0)) this.#release(id);
  }

  #use({ ids }: UsedIds, id: string): void {
    const at = ids.indexOf(id);
    if (at >= 0) ids.splice(at, 1);
    else this.#clients.set(id, (this.#clients.get(id) ?? 0) + 1);
    ids.push(id);
    if (ids.length > idsOfClient) this.#release(ids.shift()!);
  }

  #release(id: string): void {
    const others = this.#clients.get(id)! - 1;
    if (others > 0) this.#clients.set(id, others);
    else this.#clients.delete(id);
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
