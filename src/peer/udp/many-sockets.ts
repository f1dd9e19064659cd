import { createSocket, type Socket } from "node:dgram";
import { openerTtl, searchSpareSockets, searchVerdictsPerSecond } from "../../defaults/index.ts";
import { codeOf } from "../../system-error.ts";
import { TokenBucket } from "../../token-bucket.ts";
import { type Address, sameAddress } from "../../wire/address.ts";
import { isStun, stunTransactionIdBytes } from "../../wire/stun.ts";

/** What {@link ManySockets} send, and what they look for. */
export interface SocketsParts {
  /** IPv4 literal to bind. */
  readonly host: string;
  /** The other peer's address, the only one that they send to and receive from. */
  readonly to: Address;
  /** Reports whether a datagram is a check of the other peer's. */
  readonly isCheck: (datagram: Buffer) => boolean;
  /** A check has come to a local port, whose socket is closed by then. The others stay. */
  readonly onCheck: (localPort: number, datagram: Buffer) => void;
}

/** What the system says that has no socket left, for this process or for all. */
const shortages: ReadonlySet<unknown> = new Set(["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM"]);

/**
 * Sockets that each have this side's NAT make a mapping to one address of the other peer. Each sends an opener: what arrived at the other
 * side's NAT could spoil it.
 */
export class ManySockets {
  readonly #parts: SocketsParts;
  readonly #sockets = new Set<Socket>();
  /** Whoever claims to be the other peer costs a hash each, and not many. */
  readonly #verdicts: TokenBucket;
  /** Transaction IDs of the checks that have come. */
  readonly #seen = new Set<string>();
  #isShort = false;

  constructor(parts: SocketsParts) {
    this.#parts = parts;
    this.#verdicts = new TokenBucket(searchVerdictsPerSecond, searchVerdictsPerSecond, performance.now());
  }

  /** How many are open. */
  get size(): number {
    return this.#sockets.size;
  }

  /** Opens one more, which sends a datagram; not if the system has refused one. */
  open(datagram: Uint8Array): void {
    if (this.#isShort) return;
    const { host, to } = this.#parts;
    const socket = createSocket("udp4");
    socket.unref();
    this.#sockets.add(socket);
    socket.on("error", (error) => this.#fail(socket, error));
    socket.on("message", (received, from) => this.#receive(socket, received, from));
    socket.bind(0, host, () => {
      socket.setTTL(openerTtl);
      socket.send(datagram, to.port, to.address);
    });
  }

  /** Closes them all. Idempotent. */
  close(): void {
    for (const socket of this.#sockets) this.#drop(socket);
  }

  #fail(socket: Socket, error: Error): void {
    this.#drop(socket);
    if (this.#isShort || !shortages.has(codeOf(error))) return;
    this.#isShort = true;
    // Others of this process need some as well.
    for (const each of [...this.#sockets].slice(-searchSpareSockets)) this.#drop(each);
  }

  #drop(socket: Socket): void {
    if (this.#sockets.delete(socket)) socket.close();
  }

  #receive(socket: Socket, datagram: Buffer, from: Address): void {
    const { to, isCheck, onCheck } = this.#parts;
    if (!sameAddress(from, to) || !isStun(datagram) || !this.#verdicts.take(1, performance.now())) return;
    if (!isCheck(datagram) || !this.#isNew(datagram)) return;
    const { port } = socket.address();
    this.#drop(socket);
    onCheck(port, datagram);
  }

  /** Whoever has seen a check can send it on to all of the ports. */
  #isNew(check: Buffer): boolean {
    const transactionId = check.toString("latin1", 8, 8 + stunTransactionIdBytes);
    if (this.#seen.has(transactionId)) return false;
    this.#seen.add(transactionId);
    return true;
  }
}
