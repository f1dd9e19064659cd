/** The numbers of the gateway's TCP port, each with its unit and its reason; `defaults.ts` has them too. */

const second = 1000;
const KiB = 1024;

/** TCP connections to the HTTP/2 gateway at a time: people with browsers, each of whom needs one. */
export const maxHttp2Connections = 1000;
/** Requests at a time that the HTTP/2 connections of one source share, more or less: what its bytes have room for. */
export const maxSourceStreams = 160;
/** Requests at a time that every HTTP/2 connection may have: a page's parts, a few at a time. */
export const minHttp2Streams = 8;
/** Requests at a time on one HTTP/2 connection, as RFC 9113 §6.5.2 asks at least. */
export const maxHttp2Streams = 100;
/** A TCP connection to the gateway has this long for its TLS handshake, in ms: some round trips of a bad line. */
export const tlsHandshakeTimeoutMs: number = 10 * second;
/** Requests of a connection that there was no room for until it is closed: what a page asks for at once. */
export const maxRefusals = 32;
/** Bytes of a client that no request waits for until its TCP connection is closed: two windows of HTTP/2 (RFC 9113 §6.9.2). */
export const maxStrayBytes: number = 128 * KiB;
/** And in the long run, in bytes per second: pings and windows of a connection that is in use. */
export const strayBytesPerSecond: number = 4 * KiB;
/** And for each byte that the client is sent: two WINDOW_UPDATE frames in a TLS record, 48 bytes, for each 4 KiB, and as much again. */
export const strayBytesPerSentByte: number = 1 / 40;
/** What a byte of a body counts for among those that are waited for: itself, and the frames and TLS records around it. */
export const bodyFraming = 1.25;
/** TCP connections are looked at this often for what nobody waits for, in ms: 2 MB at 100 MB/s; 1000 take 0.2 ms. */
export const strayLookMs = 20;
/** And this often for what has taken too long, in ms. */
export const tcpSweepMs = 100;
/**
 * TCP connections that may begin per second, and at once. Of one source: those of an office behind one address whose line comes
 * back. Of all together: a TLS handshake takes some 2 ms of the only thread, so a fifth of it, and two seconds of it at once.
 * Sources that are remembered for that: more than can have less than their burst left at a time, 400 and 6.4 s of 100.
 */
export const tcpArrivals = {
  perSource: { perSecond: 10, burst: 64 },
  all: { perSecond: 100, burst: 400 },
  maxSources: 2048,
} as const;
/** Memory that Node's HTTP/2 may take for one connection, in MiB: a piece of a response for each of half of its streams. */
export const maxHttp2SessionMiB = 4;
/** Requests that an HTTP/2 client may take back at once, and per second: those of a page with many pictures that somebody leaves. */
export const http2ResetBurst = 50;
export const http2ResetsPerSecond = 10;
/** Requests at a time over HTTP/1.1, where no browser has more than one: for those who send the next ones ahead. */
export const maxPipelinedRequests = 8;
/** What a request over TCP counts for besides, in bytes: what Node's HTTP keeps, and what is left of it until memory is cleaned up. */
export const tcpRequestBytes: number = 36 * KiB;
