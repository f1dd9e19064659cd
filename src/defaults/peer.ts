/** Defaults of peers, each with its unit and its reason. `defaults/index.ts` exports them too. */
import { KiB, MiB, minute, second } from "./units.ts";

/** Interval between a peer's STUN requests, its NAT keepalive and address check, in ms. RFC 8445 §11 has the same 15 s. */
export const keepaliveMs: number = 15 * second;
/** Lifetime that a peer requests for its registrations, in ms: 8 keepalives, each of which renews it. */
export const peerRegistrationTtlMs: number = 2 * minute;
/**
 * Connection IDs that a peer registers for a connection at first, and again when 8 are left: 5 in use at a time, and others to
 * replace them.
 */
export const cidsPerConnection = 32;
/** Timeout of a dial, in ms: longer than the gap between long polls, shorter than a person's patience. */
export const dialTimeoutMs: number = 30 * second;
/** Timeout of a request to the relay, in ms. */
export const requestTimeoutMs: number = 10 * second;
/** Length of a long poll for mailbox messages, in seconds. */
export const pollSeconds = 25;
/** Idle timeout of a connection, in ms. */
export const idleTimeoutMs: number = 30 * second;
/** Longest UDP payload that peers probe for, in bytes: what Ethernet carries over IPv6 (1500 - 40 - 8). Until then it is 1200 (RFC 9000 §14). */
export const maxUdpPayloadBytes = 1452;
/** Flow control window of a connection and of each stream, in bytes: 160 ms at 100 MB/s. */
export const flowWindowBytes: number = 16 * MiB;
/** Streams of each kind that a peer may have open at a time. */
export const maxStreams = 100;
/** Datagrams that wait unread before the oldest is dropped: two calls of the system bring as many, 3 MB of the longest. */
export const datagramQueue = 2048;
/** Bytes of datagrams that the engine holds in either direction: 800 of the longest. */
export const datagramQueueBytes: number = MiB;
/** Length of a peer's registration keys, in bytes: as strong as AES-256. */
export const keyBytes = 32;
/** Most bytes read from a stream at once. One turn of the event loop brings about 40 KiB. */
export const streamReadBytes: number = 64 * KiB;
/** Bytes that a stream buffers for an absent reader. The rest waits under flow control. */
export const streamReadAheadBytes: number = 256 * KiB;
/** Bytes that a stream accepts from its writer before applying backpressure. */
export const streamWriteAheadBytes: number = 64 * KiB;
/** Send buffers of node:dgram that hold a peer's datagrams while the system has no room: 1.5 MB. */
export const sendSlots = 1024;
/** Interval at which a dialer checks the state of its mailbox message, in ms: soon enough to repair a lost first flight. */
export const dialStatusMs: number = second;
/** Time that an accepter allows for a handshake, in ms: three lost flights (RFC 9002 §6.2.1: 1 + 2 + 4 s). */
export const handshakeTimeoutMs: number = 10 * second;
/** Time that a closing connection waits for its stream data to be acknowledged, in ms: a few round trips. */
export const lingerMs: number = second;
/** Time that closing a peer may take to send the relay its last requests, in ms. */
export const closeTimeoutMs: number = second;
/** Connections that a peer accepts before the caller asks for them. Further dialers stay in the mailbox. */
export const backlog = 16;
/** Least time between an empty poll and the next, in ms. A long poll takes 25 s unless the relay misbehaves. */
export const emptyPollMs: number = second;
/**
 * Messages that a peer refuses per second: a tenth of the requests that the relay grants it (`requestsPerMinute`), so that senders whom
 * it does not want leave it the others. Further messages stay in the mailbox until they expire.
 */
export const refusalsPerSecond = 1;
/** Messages that a peer refuses at once: as many as it accepts ahead. */
export const refusalBurst = 16;
/** Longest `Retry-After` that a peer obeys, in seconds. A longer one is cut. */
export const maxRetryAfterSeconds = 300;
/**
 * First and longest gap, in ms, before a request that the relay refused for now is made again, also where the relay says less.
 * Each doubles. A dial of 30 s so makes 5 requests at most.
 */
export const refusedRetryMs: readonly [number, number] = [second, 30 * second];
/** First and longest gap between attempts of the accept loop after errors, in ms. */
export const acceptRetryMs: readonly [number, number] = [second / 2, 30 * second];
/** First retransmission timeout of a STUN request, in ms. Each gap doubles (RFC 8489 §6.2.1). */
export const stunRtoMs = 500;
/** STUN requests sent before one counts as unanswered: after 11.5 s, within a keepalive's gap. */
export const stunRequests = 5;
/** Time that the last STUN request waits for its answer, in ms. */
export const stunLastWaitMs: number = 4 * second;
/** Requests to the relay's second port before that counts as silent: two losses in a row are rare. */
export const secondPortRequests = 3;
/** Time that the last of these waits for its answer, in ms, so that all of them take 2.5 s. */
export const secondPortLastWaitMs: number = second;
/** Time without a STUN answer before the relay is suspected, in ms: three requests are out by then. */
export const stunSuspectMs: number = 2 * second;
/**
 * Silence after a request before the peer opens a new HTTP/3 session to the relay, in ms: a slow round trip and a loss.
 * While a request is pending, the peer pings the relay at this interval, so it detects an unreachable relay within two of
 * them.
 */
export const httpSilenceMs: number = second;
/** Longest answer that a peer reads from a relay, in bytes: 16 messages with notes are 20 KiB, and some relays keep more. */
export const maxAnswerBytes: number = MiB;
/** Longest answer with statistics, in bytes: 1000 registrations with escaped names of 256 bytes. */
export const maxStatsBytes: number = 4 * MiB;
/** Longest header fields of an answer, in bytes. A relay sends a few hundred. */
export const maxAnswerHeaderBytes: number = 64 * KiB;
/** Bytes that a relay may send beside responses as long as an HTTP/3 session lives: settings and GOAWAY take some dozens. */
export const maxHttp3ControlBytes: number = 16 * KiB;
/** Flow control windows of an HTTP/3 session, in bytes, of a stream and of all: 2 MB/s at a round trip of 60 ms. */
export const httpWindowBytes: { readonly stream: number; readonly session: number } = {
  stream: 128 * KiB,
  session: 256 * KiB,
};
/** Time that a look-up of the relay's name may take before the last good addresses are tried, in ms. */
export const relayLookUpMs: number = second;
/** Head start of one relay address over the next, in ms (RFC 8305 §8: the Connection Attempt Delay). */
export const relayStaggerMs = 250;
/** Interval at which all relay addresses are tried again, in ms: the longest time to find a relay that is back. */
export const relayRoundMs: number = 2 * second;
/** Timeout of one attempt at an address, in ms: two rounds, a handshake with a round trip of a second or two. */
export const relayAttemptMs: number = 2 * relayRoundMs;
/** Addresses of the relay's name that are tried. A round has no time for more. */
export const maxRelayAddresses = 8;
/** Longest gap between attempts of the accept loop at an unreachable relay, in ms. It may be back at any time. */
export const relayReturnMs: number = second;
/** Idle timeout of the HTTP/3 session to the relay, in ms: longer than a long poll. */
export const httpIdleTimeoutMs: number = minute;
