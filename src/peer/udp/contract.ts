import type { Address } from "../../wire/address.ts";
import type { EngineConnection } from "../engine/contract.ts";

/**
 * Takes the datagrams of one kind, and may overwrite their bytes.
 *
 * @param ecn the two ECN bits of the IP header (RFC 3168 §5); 0 from a port that does not see them.
 */
export type DatagramSink = (datagram: Buffer, ecn: number) => void;

/** Owner of a {@link UdpPort}. */
export interface PortOwner {
  /** Takes a datagram of one of the sources that the port has not given to an attached connection. */
  readonly onDatagram: DatagramSink;
  /** The port has failed, and moves nothing any more. Called once at most. */
  readonly onFault: (cause: Error) => void;
}

/** A connection to which a port may give datagrams itself. */
export interface Receiver {
  readonly engine: EngineConnection;
  /** Datagrams have come to the connection, some of which were of no use to it. */
  readonly onReceived: (refused: number) => void;
}

/** A bound UDP socket. */
export interface UdpPort {
  /** Address that it is bound to, as the system has it. */
  readonly address: Address;
  /** Whether the system may fragment what is too long for the path. A probe for longer packets would prove nothing (RFC 8899 §4.1). */
  readonly mayFragment: boolean;
  /** Ignored datagrams from other addresses than the sources. */
  readonly foreign: number;
  /** Datagrams that the system refused to send. */
  readonly sendFailed: number;
  /** Datagrams that were dropped as more came for a connection than there was time for. */
  readonly crowdedOut: number;
  /** Takes datagrams from these addresses alone: none at first. */
  setSources(sources: readonly Address[]): void;
  /** Sends a datagram, which the caller must not change any more. */
  send(datagram: Uint8Array, to: Address): void;
  /** Sends what a connection has to send. If that is too much for now, calls `resume` to have another turn. */
  flush(connection: EngineConnection, to: Address, resume: () => void): void;
  /**
   * Gives the receiver what has one of these connection IDs, of 12 bytes each, until the returned function is called. A port
   * without this gives it to `onDatagram`.
   */
  attach?(connectionIds: readonly Uint8Array[], receiver: Receiver): () => void;
  /** Closes the socket. Called once. */
  close(): Promise<void>;
}
