/** Defaults of the gateway's TCP port, each with its unit and its reason. `defaults/index.ts` exports them too. */
import { KiB, second } from "./units.ts";

/** TCP connections to the HTTP/2 gateway at a time: people with browsers, each of which needs one. */
export const maxHttp2Connections = 1000;
/** Approximate number of concurrent requests that the HTTP/2 connections of one source share: what its byte budget has room for. */
export const maxSourceStreams = 160;
/** Concurrent requests guaranteed to every HTTP/2 connection: the parts of a page, a few at a time. */
export const minHttp2Streams = 8;
/** Concurrent requests on one HTTP/2 connection: the recommended minimum of RFC 9113 §6.5.2. */
export const maxHttp2Streams = 100;
/** Timeout of the TLS handshake of a TCP connection, in ms: several round trips on a bad line. */
export const tlsHandshakeTimeoutMs: number = 10 * second;
/** Bytes from a client that no request waits for before its connection is closed: two HTTP/2 windows (RFC 9113 §6.9.2). */
export const maxStrayBytes: number = 128 * KiB;
/** Sustained rate of such bytes, in bytes per second: pings and window updates of a connection in use. */
export const strayBytesPerSecond: number = 4 * KiB;
/** Such bytes allowed per byte sent to the client: two WINDOW_UPDATE frames in a TLS record, 48 bytes, per 4 KiB, doubled. */
export const strayBytesPerSentByte: number = 1 / 40;
/** Weight of a body byte among those that are waited for: itself, and the frames and TLS records around it. */
export const bodyFraming = 1.25;
/** Interval between checks of TCP connections for such bytes, in ms: 2 MB at 100 MB/s. 1000 connections take 0.2 ms. */
export const strayLookMs = 20;
/** Interval between checks of TCP connections for timeouts, in ms. */
export const tcpSweepMs = 100;
/**
 * Rate and burst of new TCP connections. Per source: an office behind one address whose line comes back. In all: a TLS
 * handshake takes about 2 ms of the only thread, so a fifth of its time, and 0.8 s of it at once. `maxSources` is the number
 * of sources remembered: more than can have a partly used burst at a time, 400 and 6.4 s of 100 per second.
 */
export const tcpArrivals = {
  perSource: { perSecond: 10, burst: 64 },
  all: { perSecond: 100, burst: 400 },
  maxSources: 2048,
} as const;
/** Memory that Node's HTTP/2 may take per connection, in MiB: a piece of a response for each of half its streams. */
export const maxHttp2SessionMiB = 4;
/** Concurrent HTTP/1.1 requests per connection, for clients that pipeline. Browsers send one at a time. */
export const maxPipelinedRequests = 8;
/** Overhead counted per request over TCP, in bytes: the state of Node's HTTP, and its remains until garbage collection. */
export const tcpRequestBytes: number = 36 * KiB;
