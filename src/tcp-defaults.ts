/** The numbers of the gateway's TCP port, each with its unit and its reason; `defaults.ts` has them too. */

const second = 1000;
const KiB = 1024;

/** TCP connections to the HTTP/2 gateway at a time: people with browsers, each of whom needs one. */
export const maxHttp2Connections = 1000;
/** Requests at a time that the HTTP/2 connections of one source share, more or less: what its bytes have room for. */
export const maxSourceStreams = 512;
/** Requests at a time that every HTTP/2 connection may have: a page's parts, a few at a time. */
export const minHttp2Streams = 8;
/** Requests at a time on one HTTP/2 connection, as RFC 9113 §6.5.2 asks at least. */
export const maxHttp2Streams = 100;
/** A TCP connection to the gateway has this long for its TLS handshake, in ms: some round trips of a bad line. */
export const tlsHandshakeTimeoutMs: number = 10 * second;
/** Requests of a TCP connection that there was no room for until it is closed: what a page asks for at once. */
export const maxRefusals = 32;
/** Bytes of a client that no request waits for until its TCP connection is closed: what is under way at 20 MB/s for 10 ms. */
export const maxStrayBytes: number = 256 * KiB;
/** TCP connections are looked at this often for what has taken too long or is not waited for, in ms: 10 MB at 100 MB/s. */
export const tcpSweepMs = 100;
/** Memory that Node's HTTP/2 may take for one connection, in MiB: a piece of a response for each of half of its streams. */
export const maxHttp2SessionMiB = 4;
/** Requests that an HTTP/2 client may take back at once, and per second: those of a page that somebody leaves, twice. */
export const http2ResetBurst = 200;
export const http2ResetsPerSecond = 33;
/** What a request over TCP counts for besides, in bytes: what Node's HTTP keeps, and what is left of it until memory is cleaned up. */
export const tcpRequestBytes: number = 36 * KiB;
