/** Defaults of the gateway's HTTP/3, each with its unit and its reason. `defaults/index.ts` exports them too. */
import { strayLookMs } from "./tcp.ts";
import { KiB, second } from "./units.ts";

/**
 * Time between a closing gateway's GOAWAY and the end of its connections, over HTTP/3 once more before it stops, in ms: several
 * turns of both sides, in which open requests may be answered.
 */
export const lastWordsMs = 25;
/** Pause between attempts to listen again at the port of an HTTP/3 server that was closed for another certificate, in ms. */
export const http3ReopenMs = 50;
/** Such attempts, from 1: for 2 s in all, as a peer gives up a relay's HTTP session that is silent for longer. */
export const http3ReopenAttempts = 40;
/** Time after its answer before an unfinished HTTP/3 request is stopped, in ms: long enough to retransmit a lost packet of it. */
export const answerLingerMs: number = second / 4;
/**
 * Concurrent requests of an HTTP/3 client: the recommended minimum of RFC 9114 §6.1. Each takes 5 kB from its first byte on,
 * whether or not there is room for it.
 */
export const maxHttp3Streams = 100;
/**
 * Rate and burst of new HTTP/3 connections. Per source: the peers behind one address, which all come back within 2 s; each
 * takes 0.2 MB, and 0.7 MB with all of its streams open. In all: as many as the relay has places for.
 */
export const http3Arrivals = {
  perSource: { perSecond: 32, burst: 64 },
  all: { perSecond: 1000, burst: 4096 },
  maxSources: 8192,
} as const;
/**
 * Unidirectional streams that the other side of an HTTP/3 connection may open in its life. It needs three (RFC 9114 §6.2);
 * browsers open a few more without using them.
 */
export const maxHttp3UniStreams = 32;
/** Interval at which an HTTP/3 connection is checked for bytes that no request has received, in ms, as far as the next two limits allow. */
export const unseenLookMs = 40;
/** Time for one round of such checks, in ms: a twentieth of `strayLookMs`. A check takes 5 µs with few connections, 1 ms with 1000. */
export const maxLookMs: number = strayLookMs / 20;
/** The same for a while after a check has found such bytes, in ms. */
export const maxAlarmedLookMs: number = strayLookMs / 4;
/** Length of that while, in ms. */
export const lookAlarmMs: number = second;
/** Bytes without a request that are not counted: late acknowledgements and retransmissions. */
export const freeStrayBytes: number = 4 * KiB;
/** Bytes around the header fields of a request that comes alone: those of a datagram and of the frames. */
export const requestFramingBytes = 96;
/** Weight of other bytes without a request: the library takes 160 bytes per byte of a stream that came in a frame of 8. */
export const strayByteCost = 20;
/** Weight of those that may be the rest of an upload, or its late pieces: pieces as large as datagrams, and a few small ones. */
export const lateByteCost = 4;
/** Window whose body bytes bound their number, in ms: a few round trips. The previous window counts too. */
export const lateBytesMs: number = second;
/** Bytes of an HTTP/3 stream that are joined before they are handed to the library: a small response, which takes 1 µs to copy. */
export const joinedBytes: number = 4 * KiB;
/** Streams of a connection remembered after they were stopped both ways: the library may still report events of them. */
export const maxStoppedStreams = 1024;
/** Bytes that a QUIC client may send in acknowledgement per byte sent to it: 60 per datagram. */
export const acknowledgedBytesPerSentByte: number = 1 / 20;
/** Overhead counted there per piece sent to the client, in bytes: a datagram. */
export const sentPieceBytes = 1280;
/**
 * Bytes that an HTTP/3 client may have in flight on a new connection: 13 MB/s at a round trip of 2.5 ms, 650 kB/s at 50 ms.
 * The window doubles with each round trip that exhausts it. In frames of one byte it is 16 384 pieces, for which the library
 * takes 2.6 MB.
 */
export const http3WindowBytes: number = 32 * KiB;
