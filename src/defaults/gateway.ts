/** Defaults of the gateway's servers in any version of HTTP, each with its unit and its reason. `index.ts` exports them too. */
import { KiB, MiB, second } from "./units.ts";

/**
 * Unread request bytes, and likewise untaken response bytes, of one request: what a fast line delivers while the event loop
 * or the app is busy for 40 ms.
 */
export const maxStreamBytes: number = 4 * MiB;
/** The same per connection: no more than for one request, as both belong to one client. */
export const maxConnectionBytes: number = 4 * MiB;
/** The same per source (an IPv4 address or an IPv6 /64): an office with browsers, in less memory than one browser takes. */
export const maxSourceBytes: number = 8 * MiB;
/** The same in all: sixteen sources at their limit. A source, or a network, may never hold more than remains free. */
export const maxGatewayBytes: number = 128 * MiB;
/** Longest header fields of a request, in bytes: the limit of Node's own servers. */
export const maxHeaderBytes: number = 16 * KiB;
/** Most header fields of a request, pseudo-fields aside: as many as Node's HTTP/2 takes by default. */
export const maxHeaderFields = 128;
/** Overhead counted per header field, in bytes: its entries in the lists and maps of Node's HTTP and of `Headers`. */
export const headerFieldOverheadBytes = 256;
/** Size of header fields, with that overhead, up to which they are usual and cost nothing, in bytes: 12 fields and a token of 1 KB. */
export const usualFieldBytes: number = 4 * KiB;
/**
 * Burst and rate of what is above that, of a connection: a page of 50 parts asked for with 4 KB of cookies, and as many each second.
 * All of a burst is garbage once it is answered, and V8 collects strings outside its heap only after some 64 MiB.
 */
export const fieldBurstBytes: number = 256 * KiB;
export const fieldBytesPerSecond: number = 256 * KiB;
/** The same of a source and of a network (IPv4 /24 or IPv6 /48), as multiples of a connection's: several busy people each. */
export const sourceFieldFactor = 4;
export const networkFieldFactor = 16;
/** Bytes of a request body that wait for the app before the client is held back, where that is possible. */
export const bodyReadAheadBytes: number = 256 * KiB;
/** Block in which smaller pieces of such a body are joined, in bytes: less than comes in a datagram of an upload. */
export const bodyBlockBytes: number = KiB;
/** Overhead counted per block or larger piece of such a body, in bytes: the objects that hold it. */
export const bodyBlockOverheadBytes = 128;
/** Bytes that an app has read of a body and that count until its request is over: as many as the relay's own routes keep. */
export const bodyKeptBytes: number = 20 * KiB;
/** A body's piece of fewer bytes counts as so many: it makes as much work. Sixteen a request may be smaller, as in an interactive one. */
export const smallPieceBytes = 128;
export const freeSmallPieces = 16;
/** Response bytes handed to the HTTP library in one piece: several turns of the event loop at 100 MB/s. */
export const responsePieceBytes: number = 64 * KiB;
/** Unsent response bytes of one connection in the HTTP library: 25 ms at 20 MB/s. */
export const maxConnectionOutboxBytes: number = 512 * KiB;
/** The same per source: two connections at full speed. */
export const maxSourceOutboxBytes: number = MiB;
/** The same in all. At 4 MiB the library accepts nothing more from any connection. */
export const maxOutboxBytes: number = 3 * MiB;
/** Least size counted per response there, in bytes: each response waiting in the library costs it time in every turn. */
export const minResponseBytes: number = 8 * KiB;
/** Bytes held from which a connection is asked how much it has sent: several small answers, as asking takes 0.1 ms. */
export const outboxSettleBytes: number = 32 * KiB;
/** Shortest time between two such questions, in ms: 1 MiB in 10 ms is 100 MB/s. */
export const outboxSettleMs = 10;
/** Bytes that a question and its surroundings send at most: no progress of a response. */
export const outboxQuestionBytes = 128;
/** Time without progress by `minResponseBytes` after which a connection gives its responses' room up to sources without any, in ms. */
export const outboxIdleMs: number = 2 * second;
/** Interval between checks of the gateway's connections and requests for timeouts, in ms. */
export const gatewaySweepMs: number = second / 2;
/** Overhead of an open request beyond its header fields, in bytes: its objects, and an answer that waits to be read. */
export const requestOverheadBytes: number = 12 * KiB;
/** Gateway connections per source, over HTTP/3, HTTP/2 and HTTP/1.1: an office, or 25 MB of connections. */
export const maxConnectionsPerSource = 128;
/** Long polls and event streams of one source that wait for the app: those of 32 subjects at their limit. */
export const maxWaitsPerSource = 256;
/** Wait for the app from which a request counts as a long poll, in ms. Others are answered by then. */
export const longWaitMs: number = second;
/** Requests answered per turn of the event loop: half a millisecond of work. A request passes some five turns. */
export const appRequestsPerTurn = 2;
/**
 * Requests of a connection refused for want of room, or in a row because they cannot be read, before it is closed: what a page
 * requests at once.
 */
export const maxRefusals = 32;
/**
 * New connections that one counts as in its source's rate if it is ended because its client breaks a limit: eight such at once,
 * each of which takes some 10 ms with its handshake and its requests.
 */
export const abuseArrivals = 8;
/** Burst and rate per second of requests that a client may cancel: those of a picture-heavy page that is left early. */
export const requestResetBurst = 50;
export const requestResetsPerSecond = 10;
/** Timeout for the header fields of a request, in ms: several round trips on a bad line. */
export const headersTimeoutMs: number = 10 * second;
/** Time that a body or its reader may stall, in ms: an outage that a person would wait out. */
export const stallTimeoutMs: number = 20 * second;
/** Lowest rate of a body and of its reader, in bytes per second: a tenth of a bad mobile line (GPRS). */
export const minBytesPerSecond: number = KiB;
/** Idle timeout of a connection without requests, in ms: above the gap between two polls or two clicks. */
export const gatewayConnectionIdleMs: number = 75 * second;
