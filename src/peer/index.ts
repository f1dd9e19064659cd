import "../node-version.ts";
export { Peer, type PeerStats } from "./peer.ts";
export type { Alpn, PeerOptions, PortMappingChoice } from "./options.ts";
export { dialTicket, type TicketDialOptions } from "./dial-ticket.ts";
export type { Invite, InviteOptions } from "./ticket/invites.ts";
export type { DialOptions, DialTarget } from "./dialing.ts";
export type { WaitingDial } from "./waiting-dial.ts";
export type { PeerStatus } from "./status.ts";
export { refusalReasons, type RefusalReason } from "../protocol.ts";
export type { AcceptOptions } from "./accepting.ts";
export type { Connection, ConnectionStats } from "./connection/connection.ts";
export type { ConnectionPath } from "./connection/connection-path.ts";
export type { ConnectionPathEvent } from "./path/path-feed.ts";
export {
  checkNetwork,
  type FamilyProblem,
  type FamilyProblemKind,
  type FamilyReport,
  type NetworkCheckOptions,
  type NetworkReport,
} from "./netcheck/check-network.ts";
export type { MappingKind } from "./netcheck/mapping.ts";
export type { RelayView } from "./netcheck/relay-view.ts";
export type { MappingServices } from "./mapping/services.ts";
export type { DirectPolicy, RelayReason } from "./path/policy.ts";
export type { CloseInfo, ConnectionError } from "./connection/error.ts";
export type { BidirectionalStream } from "./connection/streams.ts";
export type { Datagrams } from "./connection/datagrams.ts";
export type { SocketStats } from "./socket.ts";
export type { WithheldChecks } from "./path/seeking/checklist.ts";
export type { CaTrust, Trust, TrustOptions } from "./trust/trust.ts";
export {
  createIdentity,
  pinOf,
  type Identity,
  type IdentityOptions,
  loadIdentity,
} from "./trust/identity.ts";
export type { Address } from "../wire/address.ts";
export { type ErrorDetails, isQuicpipeError, QuicpipeError, type QuicpipeErrorCode } from "../errors.ts";
