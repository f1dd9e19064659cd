/** The numbers of peers, each with its unit and its reason; `defaults.ts` has them too. */

const second = 1000;
const minute = 60 * second;
const KiB = 1024;
const MiB = 1024 * KiB;

/** A peer's NAT keepalive and address check by STUN, in ms (RFC 8445 §11 has the same 15 s). */
export const keepaliveMs: number = 15 * second;
/** Life that a peer asks for its registrations, in ms: 8 keepalives, each of which renews it. */
export const peerRegistrationTtlMs: number = 2 * minute;
/** Connection IDs that a peer registers for one connection: 16 active at most, as many to replace them. */
export const cidsPerConnection = 32;
/** Connection IDs that a peer lets the other have at a time (`active_connection_id_limit`). */
export const activeConnectionIdLimit = 16;
/** How long a dial may take in all, in ms: longer than a long poll's gap, shorter than patience. */
export const dialTimeoutMs: number = 30 * second;
/** How long one request to the relay may take, in ms. */
export const requestTimeoutMs: number = 10 * second;
/** Long poll for mailbox messages, in seconds. */
export const pollSeconds = 25;
/** A connection ends after this silence, in ms. */
export const idleTimeoutMs: number = 30 * second;
/** UDP payload that peers send, in bytes: what every path carries (RFC 9000 §14), as nothing is probed. */
export const maxUdpPayloadBytes = 1200;
/** Flow control window of a peer's connection and of each stream, in bytes: 160 ms at 100 MB/s. */
export const flowWindowBytes: number = 16 * MiB;
/** Streams that a peer may open at a time, of each kind. */
export const maxStreams = 100;
/**
 * Round trips after which the end of a stream no longer waits for the line to fall quiet, where other traffic keeps it
 * from that: one in which a loss shows, one to mend it, and one to spare.
 */
export const endRoundTrips = 3;
/** Datagrams that wait in each direction before the oldest is dropped. */
export const datagramQueue = 1000;
/** Length of a peer's registration keys, in bytes: as strong as AES-256. */
export const keyBytes = 32;
/** Most that a peer reads from a stream at once, in bytes: one turn of the event loop brings about 40 KiB. */
export const streamReadBytes: number = 64 * KiB;
/** What a stream holds ready for a reader that is not there yet, in bytes; more waits under flow control. */
export const streamReadAheadBytes: number = 256 * KiB;
/** What a stream's writer may hand over before it is told to wait, in bytes. */
export const streamWriteAheadBytes: number = 64 * KiB;
/** Datagrams that a peer's socket holds while the system has no room, in send buffers: 1.5 MB. */
export const sendSlots = 1024;
/** How often a dialer looks what became of its mailbox message, in ms: soon enough to mend a lost first flight. */
export const dialStatusMs: number = second;
/** How long an accepter gives a handshake, in ms: three lost flights (RFC 9002 §6.2.1: 1 + 2 + 4 s). */
export const handshakeTimeoutMs: number = 10 * second;
/** How long a closing connection waits for the acknowledgement of what its streams were given, in ms: a few round trips. */
export const lingerMs: number = second;
/** How long closing a peer may take, in ms, for what it still has to tell the relay. */
export const closeTimeoutMs: number = second;
/** Connections that a peer accepts ahead of whoever iterates over it; further dialers stay in the mailbox. */
export const backlog = 16;
/** Least time from one poll that brought nothing to the next, in ms: long polls take 25 s, but for a relay that errs. */
export const emptyPollMs: number = second;
/** Longest wait that a relay may ask for with `Retry-After`, in seconds; what is longer is cut. */
export const maxRetryAfterSeconds = 300;
/** First and longest gap between attempts of the accepter's loop after errors, in ms. */
export const acceptRetryMs: readonly [number, number] = [second / 2, 30 * second];
/** First retransmission of a STUN request, in ms; each gap doubles (RFC 8489 §6.2.1). */
export const stunRtoMs = 500;
/** STUN requests in all before one counts as unanswered: given up after 11.5 s, within a keepalive's gap. */
export const stunRequests = 5;
/** How long the last STUN request waits for its answer, in ms. */
export const stunLastWaitMs: number = 4 * second;
/** How long a STUN request may go unanswered before the relay is suspected, in ms: three of them are out by then. */
export const stunSuspectMs: number = 2 * second;
/**
 * Silence after a request for which a new HTTP/3 session to the relay is tried, in ms: a slow round trip and a loss. While
 * an answer is waited for, the relay is asked this often whether it is there: so a peer knows within two of these that
 * it is not.
 */
export const httpSilenceMs: number = second;
/** Longest answer of a relay that a peer reads, in bytes: 16 messages with notes are 20 KiB, and some relays keep more. */
export const maxAnswerBytes: number = MiB;
/** Longest answer with statistics, in bytes: 1000 registrations with names of 256 bytes, escaped. */
export const maxStatsBytes: number = 4 * MiB;
/** Longest headers of an answer, in bytes; a relay's have some hundred. */
export const maxAnswerHeaderBytes: number = 64 * KiB;
/**
 * Memory of the HTTP/3 client's that a session may take, in bytes: it begins with 18 MiB, has 27 MiB when 60 answers of 1 MiB
 * come at a time, and takes 16 MiB more for a header block without an end.
 */
export const maxHttp3MemoryBytes: number = 32 * MiB;
/** How long a look-up of the relay's name is waited for, in ms, before addresses that were good are tried. */
export const relayLookUpMs: number = second;
/** Head start of one of the relay's addresses over the next, in ms (RFC 8305 §8: the Connection Attempt Delay). */
export const relayStaggerMs = 250;
/** All addresses of the relay are tried anew after this long, in ms: a relay that is back is found within it. */
export const relayRoundMs: number = 2 * second;
/** How long one attempt at an address may take, in ms: two rounds, a handshake with a round trip of a second or two. */
export const relayAttemptMs: number = 2 * relayRoundMs;
/** Addresses of the relay's name that are tried; a round has no time for more. */
export const maxRelayAddresses = 8;
/** Longest gap between attempts of the accepter's loop at a relay that is not there, in ms: it may be back any time. */
export const relayReturnMs: number = second;
/** Idle time after which the HTTP/3 session to the relay ends, in ms: over one long poll. */
export const httpIdleTimeoutMs: number = minute;
