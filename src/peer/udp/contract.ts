import type { Address } from "../../wire/address.ts";
import type { EngineConnection } from "../engine/contract.ts";

/**
 * Takes the datagrams of one kind, and may overwrite their bytes.
 *
 * @param ecn the two ECN bits of the IP header (RFC 3168 §5); 0 from a port that does not see them.
 */
export type DatagramSink = (datagram: Buffer, ecn: number) => void;

/** Where packets of a connection go that are not of its first path. Those of the first go by the relay. */
export interface PacketRoute {
  /** The other peer's address; by the relay if absent. */
  readonly direct: Address | undefined;
  /** Whether a copy of each goes by the relay, if its first path has room for that. */
  readonly isMirrored: boolean;
}

/** Owner of a {@link UdpPort}. */
export interface PortOwner {
  /** Takes a datagram that the port has not given to an attached connection: of one of the sources, or a stranger's check. */
  readonly onDatagram: (datagram: Buffer, ecn: number, from: Address) => void;
  /** The port has failed, and moves nothing any more. Called once at most. */
  readonly onFault: (cause: Error) => void;
}

/** A connection to which a port may give datagrams itself. */
export interface Receiver {
  readonly engine: EngineConnection;
  /**
   * Datagrams have come to the connection.
   *
   * @param refused how many were of no use to it.
   * @param detours how many came by the relay that were of another path than the first, copies too.
   */
  readonly onReceived: (refused: number, detours: number) => void;
}

/** What is taken from addresses that are no sources: STUN, within limits. */
export interface Strangers {
  /** Takes requests whose USERNAME begins with a tag, of 8 characters, until {@link removeTag}. */
  addTag(tag: string): void;
  removeTag(tag: string): void;
  /** Takes responses from these addresses. */
  setChecked(addresses: readonly Address[]): void;
}

/** A bound UDP socket. */
export interface UdpPort {
  /** Address that it is bound to, as the system has it. */
  readonly address: Address;
  /** Whether the system may fragment what is too long for the path. A probe for longer packets would prove nothing (RFC 8899 §4.1). */
  readonly mayFragment: boolean;
  /** Ignored datagrams from other addresses than the sources, those aside that a stranger may send. */
  readonly foreign: number;
  /** Checks of strangers that were dropped, as there were too many. */
  readonly strangersRefused: number;
  /** Datagrams that the system refused to send. */
  readonly sendFailed: number;
  /** Datagrams that were dropped as more came for a connection than there was time for. */
  readonly crowdedOut: number;
  /** Takes datagrams of any kind from these addresses alone, none at first: the relay's, and those of other peers. */
  setSources(relay: readonly Address[], direct: readonly Address[]): void;
  /** Takes some STUN from elsewhere too. A port without this has no direct paths. */
  readonly strangers?: Strangers;
  /**
   * Binds a further socket at a local port, which sends all that goes to an address of another peer's, until {@link removeSocket}. A port
   * without this has no direct paths. Reports whether there is one: another program may have the port.
   */
  addSocket?(localPort: number, remote: Address): boolean;
  removeSocket?(remote: Address): void;
  /**
   * Sends a datagram, which the caller must not change any more.
   *
   * @param ttl how many routers its packet may pass, and one more; the system's TTL if absent, and without {@link strangers}.
   */
  send(datagram: Uint8Array, to: Address, ttl?: number): void;
  /**
   * Sends what a connection has to send. If that is too much for now, calls `resume` to have another turn. Returns whether a
   * copy of anything went by the relay.
   *
   * @param route by the relay alone if absent.
   */
  flush(
    connection: EngineConnection,
    relay: Address,
    route: PacketRoute | undefined,
    resume: () => void,
  ): boolean;
  /**
   * Gives the receiver what has one of these connection IDs, of 12 bytes each, until the returned function is called. A port
   * without this gives it to `onDatagram`.
   */
  attach?(connectionIds: readonly Uint8Array[], receiver: Receiver): () => void;
  /** Closes the socket. Called once. */
  close(): Promise<void>;
}
