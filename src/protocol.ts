/**
 * The HTTP interface that the plugin serves and a peer calls (`docs/protocol.md`):
 * paths, JSON shapes and sizes, no I/O.
 */

/** Paths below the base path. `:name` stands for one percent-encoded segment. */
export const paths = {
  register: "/v1/register",
  mailbox: "/v1/mailbox",
  stats: "/v1/stats",
  events: "/v1/events",
  registrations: "/v1/registrations",
  openapi: "/v1/openapi.json",
} as const;

/** Scopes of a token, separated by spaces in its `scope` claim. */
export const scopes = {
  register: "relay:register",
  send: "mailbox:send",
  receive: "mailbox:receive",
  admin: "relay:admin",
} as const;

/** One of the {@link scopes}. */
export type Scope = (typeof scopes)[keyof typeof scopes];

/** Most datagrams in one mailbox message: a post-quantum ClientHello needs 2, retries and 0-RTT some more. */
export const maxMessagePackets = 8;
/** Longest datagram in a mailbox message, in bytes: the UDP payload of a 1500-byte IPv4 packet. */
export const maxPacketBytes = 1472;
/** Longest note of a mailbox message, in UTF-8 bytes. */
export const maxNoteBytes = 512;
/** Longest name of a peer (the `sub` of its token), in UTF-8 bytes. */
export const maxNameBytes = 256;
/**
 * Whether a text can be a peer's name: 1 to {@link maxNameBytes} bytes of UTF-8 (a lone surrogate has none), and none of
 * the two segments that are taken out of a path, percent-encoded or not (RFC 3986 §5.2.4).
 */
export function isName(text: string): boolean {
  const fits = text.isWellFormed() && text !== "" && new TextEncoder().encode(text).length <= maxNameBytes;
  return fits && text !== "." && text !== "..";
}
/** Most connection IDs that one registration may ask for, as the protocol bounds `num`. */
export const maxNum = 65_536;
/** Most registrations on one page of `GET /v1/stats`. */
export const maxStatsLimit = 1000;
/** Longest wait of a long poll, in seconds (`Prefer: wait=25`, RFC 7240 §4.3). */
export const maxWaitSeconds = 60;

/** `POST /v1/register` */
export interface RegisterRequest {
  /** The connection ID key, base64, 16 to 64 bytes. */
  key: string;
  /** How many connection IDs the registration covers, counted from 1. */
  num: number;
  /** Lifetime in ms; the server's default if absent, its maximum if longer. */
  ttlMs?: number;
}

/** The answer to {@link RegisterRequest}, and one element of `GET /v1/register`. */
export interface RegisterResponse {
  id: string;
  /** The peer's public address as the relay saw it (`203.0.113.7:4433`, `[2001:db8::1]:4433`), or `null` until STUN proves one. */
  address: string | null;
  /** Where the relay's UDP port is, as the peer should address it: `host:port`. */
  relay: string;
  num: number;
  /** RFC 3339 time. */
  expiresAt: string;
  /** Password of the STUN long-term credential; the username is `id`. */
  secret: string;
}

/** `GET /v1/register`: the caller's own registrations, without their secrets. */
export interface RegisterListResponse {
  registrations: Omit<RegisterResponse, "secret">[];
}

/** `POST /v1/mailbox/{recipient}` */
export interface MailboxSendRequest {
  /** 1 to 8 datagrams of the first flight, base64. */
  packets: string[];
  /** Free text for the recipient, at most 512 bytes. */
  note?: string;
  /** How long the message may wait, in ms. */
  ttlMs?: number;
}

/** State of a message, as its sender sees it. */
export type MessageState = "queued" | "taken" | "expired";

/** The sender's view of a message: the answer to a send, and of `GET /v1/mailbox/{recipient}/{id}`. */
export interface SentMessage {
  id: string;
  recipient: string;
  state: MessageState;
  createdAt: string;
  expiresAt: string;
}

/** The recipient's view of a waiting message: never the packets. */
export interface WaitingMessage {
  id: string;
  sender: string;
  note: string | null;
  /** Sizes of the datagrams, in bytes. */
  sizes: number[];
  createdAt: string;
  expiresAt: string;
}

/** `GET /v1/mailbox`, and the data of each server-sent event `messages`. */
export interface MailboxListResponse {
  messages: WaitingMessage[];
}

/** `POST /v1/mailbox/{id}/take` */
export interface MailboxTakeRequest {
  /** The caller's registration that the initial DCID is pinned to. */
  registration: string;
}

/** The answer to {@link MailboxTakeRequest}. */
export interface MailboxTakeResponse {
  id: string;
  sender: string;
  note: string | null;
  packets: string[];
  /** What the sender's request had as its header `traceparent` (W3C Trace Context), if it had one. */
  traceparent?: string;
}

/** Packets, and bytes of their UDP payload, per second. */
export interface TrafficRate {
  packetsPerSecond: number;
  bytesPerSecond: number;
}

/** How `GET /v1/stats` lists registrations: oldest first, or the busiest first. */
export type StatsOrder = "registered" | "rate";

/** One registration, as an administrator sees it. */
export interface RegistrationStats {
  id: string;
  /** The `sub` of the token that registered it: any text at all. */
  subject: string;
  address: string | null;
  /** How many connection IDs. */
  cids: number;
  /** Who forwarded its latest packets, the kernel or the relay's process; `none` before the first. */
  path: "kernel" | "user" | "none";
  /** What its peer sent and the relay forwarded. */
  packetsFrom: number;
  bytesFrom: number;
  /** What the relay forwarded to its peer. */
  packetsTo: number;
  bytesTo: number;
  /** Both ways together; `null` until it was sampled twice. */
  rate: TrafficRate | null;
  /** RFC 3339 times. */
  firstForwardedAt: string | null;
  registeredAt: string;
  expiresAt: string;
  /** What was refused of or for it. */
  dropped: { "rate-limited": number; "no-address": number; "source-is-destination": number };
}

/** One page of a list of registrations. */
export interface StatsPage {
  registrations: RegistrationStats[];
  /** What to ask for with `after` to go on; `null` at the end. */
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
