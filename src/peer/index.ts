export { Peer, type PeerStats } from "./peer.ts";
export { type AdminClient, openAdminClient } from "./admin-client.ts";
export type { StatsRequest } from "./relay-client.ts";
export type { PeerOptions } from "./options.ts";
export type { DialOptions, DialTarget } from "./dialing.ts";
export type { AcceptOptions } from "./accepting.ts";
export type { Connection, ConnectionStats } from "./connection.ts";
export type { CloseInfo } from "./connection-error.ts";
export type { BidirectionalStream } from "./streams.ts";
export type { Datagrams } from "./datagrams.ts";
export type { SocketStats } from "./socket.ts";
export type { Trust } from "./trust.ts";
export {
  createIdentity,
  fingerprintOf,
  type Identity,
  type IdentityOptions,
  loadIdentity,
} from "./identity.ts";
export { isQuicpipeError, QuicpipeError, type QuicpipeErrorCode } from "../errors.ts";
