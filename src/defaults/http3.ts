/** The numbers of the gateway's HTTP/3, each with its unit and its reason; `defaults.ts` has them too. */
import { strayLookMs } from "./tcp.ts";

const second = 1000;
const KiB = 1024;

/** A closing gateway waits this long between GOAWAY and the end of its connections, in ms: some turns of both sides. */
export const lastWordsMs = 25;
/** A request over HTTP/3 that goes on after its answer is stopped after so long, in ms: a lost packet of it comes again by then. */
export const answerLingerMs: number = second / 4;
/**
 * Requests that an HTTP/3 client may have open at a time, as RFC 9114 §6.1 asks at least. Each takes the library 7 kB from its
 * first byte on, whether or not there is room for it.
 */
export const maxHttp3Streams = 100;
/**
 * HTTP/3 connections that may begin per second, and at once. Of one source: the peers behind one address, which all come back
 * within 2 s; each takes the library up to 0.7 MB until it has ended. Of all together: as many as the relay has places for.
 */
export const http3Arrivals = {
  perSource: { perSecond: 32, burst: 64 },
  all: { perSecond: 1000, burst: 4096 },
  maxSources: 8192,
} as const;
/** Unidirectional streams that an HTTP/3 client may open: it needs three (RFC 9114 §6.2), browsers open some to no purpose. */
export const maxHttp3UniStreams = 32;
/** A connection over HTTP/3 is looked at this often for what no request has got, in ms, where the next two leave time for it. */
export const unseenLookMs = 40;
/** Such looks take at most so long at a time, in ms: a twentieth; one takes 5 µs where there are few connections, 1 ms of 1000. */
export const maxLookMs: number = strayLookMs / 20;
/** And for a while after something was found, in ms. */
export const maxAlarmedLookMs: number = strayLookMs / 4;
/** That while, in ms. */
export const lookAlarmMs: number = second;
/** Bytes that no request has got which are not counted: acknowledgements that are late, retransmissions. */
export const freeStrayBytes: number = 4 * KiB;
/** Bytes around the header fields of a request, in which it may come alone: a datagram's, and the frames'. */
export const requestFramingBytes = 96;
/** What others count for among unread bytes: the library takes 160 bytes for a byte of a stream that came in a frame of 8. */
export const strayByteCost = 20;
/** And those that may be the rest of an upload, or of what came too late: pieces as large as datagrams, and some small ones. */
export const lateByteCost = 4;
/** They are as many as came of bodies in the last time of so long, in ms, and perhaps in the one before: some round trips. */
export const lateBytesMs: number = second;
/** Streams of a connection that were ended both ways and are remembered: those about which the library may still tell. */
export const maxStoppedStreams = 1024;
/** Bytes that a QUIC client may send to tell what it took, for each one that it is sent: 60 for each datagram. */
export const acknowledgedBytesPerSentByte: number = 1 / 20;
/** What a piece that it is sent counts for there beside its bytes: a datagram. */
export const sentPieceBytes = 1280;
/**
 * Bytes that an HTTP/3 client may have under way on a new connection: 13 MB/s at a round trip of 2.5 ms, 650 kB/s at 50 ms; it
 * doubles with each round trip that uses it up. In frames of one byte it is 16 384 pieces, for which the library takes 2.6 MB.
 */
export const http3WindowBytes: number = 32 * KiB;
