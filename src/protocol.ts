/** The HTTP interface between the plugin and its peers (`docs/protocol.md`): paths, JSON shapes and sizes. No I/O. */

/**
 * Paths below the base path. `register` is the POST of a registration, and `mailbox` that of a message to a recipient; all else
 * below these two is a former path, an alias of `registrations` and `messages`.
 */
export const paths = {
  register: "/v1/register",
  mailbox: "/v1/mailbox",
  stats: "/v1/stats",
  events: "/v1/events",
  registrations: "/v1/registrations",
  messages: "/v1/messages",
  invitations: "/v1/invitations",
  openapi: "/v1/openapi.json",
} as const;

/** Scopes of a token, space-separated in its `scope` claim. */
export const scopes = {
  register: "relay:register",
  send: "mailbox:send",
  receive: "mailbox:receive",
  invite: "relay:invite",
  metrics: "relay:metrics",
  admin: "relay:admin",
} as const;

/** One of the {@link scopes}. */
export type Scope = (typeof scopes)[keyof typeof scopes];

/** Most datagrams in a mailbox message. A post-quantum ClientHello needs 2; Retry and 0-RTT need some more. */
export const maxMessagePackets = 8;
/** Longest datagram in a mailbox message, in bytes: the UDP payload of a 1500-byte IPv4 packet. */
export const maxPacketBytes = 1472;
/** Longest note of a mailbox message, in UTF-8 bytes. */
export const maxNoteBytes = 512;
/** Longest name of a peer (the `sub` of its token), in UTF-8 bytes. */
export const maxNameBytes = 256;
/**
 * Reports whether a text can be a peer's name: 1 to {@link maxNameBytes} bytes of well-formed UTF-8, and neither `.` nor
 * `..`, which are removed from a path, percent-encoded or not (RFC 3986 §5.2.4).
 */
export function isName(text: string): boolean {
  const fits = text.isWellFormed() && text !== "" && new TextEncoder().encode(text).length <= maxNameBytes;
  return fits && text !== "." && text !== "..";
}
/** Upper bound of `num`, the connection IDs of one registration, in the protocol. */
export const maxNum = 65_536;
/** Most registrations on one page of `GET /v1/stats`. */
export const maxStatsLimit = 1000;
/** Longest wait of a long poll, in seconds (`Prefer: wait=25`, RFC 7240 §4.3). */
export const maxWaitSeconds = 60;

/** `POST /v1/register` */
export interface RegisterRequest {
  /** The connection ID key, base64, 16 to 64 bytes. */
  key: string;
  /** Number of connection IDs of the registration, counted from 1. */
  num: number;
  /** Lifetime in ms. The server applies its default if absent, and its maximum if longer. */
  ttlMs?: number;
  /** Lets a peer that was started again have the places of its dead predecessor where the quota is used up. */
  instance?: InstanceName;
}

/** Names of a process of a peer, base64, 16 to 64 bytes each. Whoever knows `holder` may have the places of its dead processes. */
export interface InstanceName {
  /** A secret that all processes of the peer have in common, and nobody else knows. */
  holder: string;
  /** Random, of one process. */
  run: string;
}

/** The answer to {@link RegisterRequest}, and an element of `GET /v1/registrations`. */
export interface RegisterResponse {
  id: string;
  /** The peer's public address as seen by the relay (`203.0.113.7:4433`, `[2001:db8::1]:4433`); `null` until STUN proves one. */
  address: string | null;
  /** `host:port` of the relay's UDP port, as the peer should address it. */
  relay: string;
  /** `address:port` that the relay's UDP socket is bound to. For peers on its machine: absent unless the URL's host is loopback. */
  bound?: string;
  /** The relay's second UDP port, which answers plain STUN at each of its addresses; absent if it has none. */
  stunPort?: number;
  num: number;
  /** RFC 3339. */
  expiresAt: string;
  /** Lifetime without renewal, in ms. Former relays do not tell. */
  ttlMs?: number;
  /** Password of the STUN long-term credential; the username is `id`. */
  secret: string;
}

/** `GET /v1/registrations`: the caller's registrations, without their secrets. */
export interface RegisterListResponse {
  registrations: Omit<RegisterResponse, "secret" | "bound" | "stunPort">[];
}

/** `POST /v1/mailbox/{recipient}` */
export interface MailboxSendRequest {
  /** 1 to 8 datagrams of the first flight, base64. */
  packets: string[];
  /** Free text for the recipient, at most 512 bytes. */
  note?: string;
  /** Longest time the message may wait, in ms. */
  ttlMs?: number;
  /** Registers with the message, which is then from this registration. Needs the scope `relay:register` too. */
  register?: RegisterRequest;
}

/** State of a message, as seen by its sender. */
export type MessageState = "queued" | "taken" | "expired";

/** The reasons that a recipient may refuse a message for; `docs/protocol.md` says what each means. */
export const refusalReasons = [
  "busy",
  "no-registrations",
  "not-allowed",
  "not-trusted",
  "unsupported",
  "closing",
] as const;

/** One of the {@link refusalReasons}. */
export type RefusalReason = (typeof refusalReasons)[number];

/** `POST /v1/messages/{id}/refuse` */
export interface MailboxRefuseRequest {
  reason: RefusalReason;
}

/** The sender's view of a message: the answer to `GET /v1/messages/{id}`. */
export interface SentMessage {
  id: string;
  recipient: string;
  state: MessageState;
  /** Why the recipient has refused it. Its state is `expired` then, which peers know that know no refusals. */
  refused?: RefusalReason;
  createdAt: string;
  expiresAt: string;
}

/** The answer to {@link MailboxSendRequest}. */
export interface MailboxSendResponse extends SentMessage {
  /** The registration that `register` asked for. */
  registration?: RegisterResponse;
}

/** The recipient's view of a waiting message, without its packets. */
export interface WaitingMessage {
  id: string;
  sender: string;
  note: string | null;
  /** Sizes of the datagrams, in bytes. */
  sizes: number[];
  createdAt: string;
  expiresAt: string;
}

/** `GET /v1/messages`, and the data of each server-sent event `messages`. */
export interface MailboxListResponse {
  messages: WaitingMessage[];
}

/** `POST /v1/messages/{id}/take`, with one of the two: the initial DCID leads to that registration from then on. */
export interface MailboxTakeRequest {
  /** ID of a registration of the caller's. */
  registration?: string;
  /** Registers with the take. Needs the scope `relay:register` too. */
  register?: RegisterRequest;
}

/** The answer to {@link MailboxTakeRequest}. */
export interface MailboxTakeResponse {
  id: string;
  sender: string;
  note: string | null;
  packets: string[];
  /** The `traceparent` of the sender's request (W3C Trace Context), if it had a valid one. */
  traceparent?: string;
  /** The registration that `register` asked for. */
  registration?: RegisterResponse;
}

/** Most connections that one invitation is good for. */
export const maxInvitationConnections = 16;
/** The `typ` of an invitation's token (RFC 8725 §3.11): no other token has it. */
export const invitationTokenType = "quicpipe-invitation+jwt";

/** `POST /v1/invitations` */
export interface InvitationRequest {
  /** Name of the one peer that the holder may send to; the caller's own if absent. */
  recipient?: string;
  /** Connections that it is good for, 1 to {@link maxInvitationConnections}; 1 if absent. */
  connections?: number;
  /** Time in which they may be made, in ms. The server applies its default if absent, and its maximum if longer. */
  ttlMs?: number;
}

/** An invitation as its inviter sees it: an element of `GET /v1/invitations`. */
export interface InvitationView {
  id: string;
  /** Name under which the recipient sees whoever holds it. */
  sender: string;
  recipient: string;
  connections: number;
  /** How many of them have been made: messages that the recipient took. */
  used: number;
  /** RFC 3339. */
  expiresAt: string;
}

/** The answer to {@link InvitationRequest}. */
export interface InvitationResponse extends InvitationView {
  /** Bearer token of whoever holds the invitation. */
  token: string;
  /** `host:port` of the relay's UDP port, as in {@link RegisterResponse}. */
  relay: string;
}

/** `GET /v1/invitations`: the caller's own that can still be used, or have registrations. */
export interface InvitationListResponse {
  invitations: InvitationView[];
}

/** Packets and bytes of UDP payload per second. */
export interface TrafficRate {
  packetsPerSecond: number;
  bytesPerSecond: number;
}

/** Order of the registrations in `GET /v1/stats`: oldest first or busiest first. */
export type StatsOrder = "registered" | "rate";

/** The administrator's view of a registration. */
export interface RegistrationStats {
  id: string;
  /** The `sub` of the token that registered it. Arbitrary text. */
  subject: string;
  address: string | null;
  /** Number of connection IDs. */
  cids: number;
  /** Forwarding path of its latest packets: the kernel or the relay's process; `none` before the first packet. */
  path: "kernel" | "user" | "none";
  /** Traffic from its peer that the relay forwarded. */
  packetsFrom: number;
  bytesFrom: number;
  /** Traffic that the relay forwarded to its peer. */
  packetsTo: number;
  bytesTo: number;
  /** Both directions together; `null` until the second sample. */
  rate: TrafficRate | null;
  /**
   * Time without a forwarded packet, in ms: 0 while packets flow; `null` until the second sample. Sampling begins when a client
   * asks, so it may have been longer. The peers are idle or have gone direct: the relay cannot tell.
   */
  quietMs: number | null;
  /** RFC 3339. */
  firstForwardedAt: string | null;
  registeredAt: string;
  expiresAt: string;
  /** Packets dropped from or to it, by reason. */
  dropped: { "rate-limited": number; "no-address": number; "source-is-destination": number };
}

/** One page of a list of registrations. */
export interface StatsPage {
  registrations: RegistrationStats[];
  /** Value of `after` for the next page; `null` on the last one. */
  next: string | null;
}

/** RFC 9457 problem details; `code` is a `QuicpipeErrorCode`. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: string;
}
