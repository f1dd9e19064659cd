/** Every default number with its unit and its reason. Options override most of them. */

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const KiB = 1024;
const MiB = 1024 * KiB;

/** Longest delay that a timer of Node's keeps, in ms; a longer one fires at once. */
export const maxTimerMs: number = 2 ** 31 - 1;

/** The relay's public UDP port where none is given; unprivileged, and what QUIC test servers use. */
export const port = 4433;

/** Life of a registration that asks for none. A peer without upkeep (the seed's) talks an hour on it. */
export const registrationTtlMs: number = hour;
/** Longest life a registration may ask for; a renewed one lives on. */
export const maxRegistrationTtlMs: number = 24 * hour;
/** Shortest: under it, renewals alone would be the load. */
export const minRegistrationTtlMs: number = 10 * second;

/** Registrations in all. At 10 CIDs each about 150 MB with routes and counters. */
export const maxRegistrations = 100_000;
/** Connection IDs in all: 10 for each registration. */
export const maxCids = 1_000_000;
/** Connection IDs of one registration: 8 times what a peer asks for, derived in 2 ms. */
export const maxCidsPerRegistration = 256;
/** Registrations of one subject: one for each connection it holds. */
export const maxRegistrationsPerSubject = 64;
/** Connection IDs of one subject: 64 registrations of 32. */
export const maxCidsPerSubject = 2048;
/** What one registration may send, in bytes per second: 1 Gbit/s, so that one peer cannot fill a 10G port. */
export const bytesPerSecond = 125_000_000;
/** Depth of a token bucket, in ms of its rate: a scheduling gap of a busy peer, not a flood. */
export const bucketDepthMs = 250;
/** Least depth of a token bucket, in bytes: an initial congestion window and some (RFC 9002 §7.2). */
export const minBucketBytes: number = 64 * KiB;

/** A sweep looks for expired registrations this often, in ms; the data plane itself checks every packet. */
export const sweepIntervalMs: number = second;
/** Registrations ended in one go before the event loop gets its turn: well under 1 ms at 10 CIDs each. */
export const sweepBatch = 64;
/** Sessions of an earlier process ended in one sweep: some ms with all their entries in the kernel. */
export const orphanSweepBatch = 512;

/** Life of a mailbox message that asks for none: as long as a person waits for a call. */
export const messageTtlMs: number = minute;
/** Longest life of a mailbox message. */
export const maxMessageTtlMs: number = 5 * minute;
/** Shortest: nobody could fetch it in less. */
export const minMessageTtlMs: number = second;
/** How long a sender can still see what became of its message after its end, in ms. */
export const messageTombstoneMs: number = minute;
/** Waiting messages for one recipient. */
export const maxMessagesPerRecipient = 16;
/** Waiting messages of one sender, so that one cannot fill the mailboxes of many. */
export const maxMessagesPerSender = 32;
/** Messages of one sender, waiting or ended and still visible to it: two a second on end, no more. */
export const maxVisibleMessagesPerSender = 128;
/** Messages in all, waiting or ended: at 3 KiB typical, 30 MB; at worst (8 full datagrams) 120 MB. */
export const maxMessages = 10_000;
/** Long polls and event streams open at a time for one subject. */
export const maxWaitersPerSubject = 8;
/** Long polls and event streams open in all: some KiB each. */
export const maxWaiters = 10_000;
/** Comment sent on a quiet event stream this often, in ms, so that proxies keep it open. */
export const eventStreamKeepaliveMs: number = 15 * second;

/** Longest body of a register or take request, in bytes: a 64-byte key in base64 and room. */
export const maxSmallBodyBytes: number = 4 * KiB;
/** Longest body of a mailbox message, in bytes: 8 datagrams of 1472 bytes in base64 (15 704) and a note. */
export const maxMessageBodyBytes: number = 20 * KiB;

/** How long `quicpipe top` waits for an answer before it says that its figures are old, in ms. */
export const topTimeoutMs: number = 3 * second;

/** Log lines of one kind in an interval: enough to see what goes on, and nothing that fills a disk. */
export const logLinesPerKind = 10;
/** That interval, in ms. */
export const logIntervalMs: number = 10 * second;

/** Statistics are sampled for rates, and sent to who follows them, this often, in ms: what a person can follow. */
export const sampleIntervalMs: number = second;
/** Rates are sampled for this long after somebody last asked, in ms: over the gap between two looks at them. */
export const sampleIdleMs: number = minute;
/** Sessions sampled before the event loop gets its turn: under 1 ms. */
export const sampleBatch = 4096;
/** How long one statistics request may search before the event loop gets its turn, in ms. */
export const searchSliceMs = 3;
/** Registrations that are looked at between two looks at the clock in such a search. */
export const searchBatch = 64;

/** Requests of one subject per minute that change something: ten dials a second over a minute, no more. */
export const requestsPerMinute = 600;
/** Subjects whose request rate is remembered, least recently seen forgotten first: some 10 MB. */
export const maxRateLimitedSubjects = 100_000;
/** Seconds after which a client may try again, where nothing better is known. */
export const retryAfterSeconds = 5;
/** How long a closing relay goes on forwarding, in ms, unless told: not at all, so that tests and Ctrl-C end at once. */
export const closeGraceMs = 0;
/** A closing relay looks this often whether its last registration has ended, in ms. */
export const drainPollMs = 100;

/** How long an initial DCID stays pinned, in ms (design section 3): a handshake's retransmissions. */
export const pinTtlMs: number = 30 * second;
/** Initial DCIDs pinned at a time for one accepter; more dials at once than a mailbox holds make no sense. */
export const maxPinsPerSession = 32;

/** Clock skew that a token's times may have, in seconds (design section 5). */
export const clockToleranceSeconds = 5;
/** An issuer's keys are fetched anew after this time, in ms: as long as a key that it took back may still count. */
export const maxKeyAgeMs: number = 10 * minute;
/** How long keys stay good while their issuer cannot be asked, in ms: a night and the working day to mend it. */
export const keyGraceMs: number = 24 * hour;
/** Longest such time that may be configured, in ms: keys are taken back for a reason. */
export const maxKeyGraceMs: number = 30 * 24 * hour;
/** Shortest time between two fetches of an issuer's keys, in ms: little to wait for a new key, and no load for anybody. */
export const keyCooldownMs: number = 10 * second;
/** How long fetching an issuer's keys may take, in ms, discovery included: half of what a peer waits for an answer. */
export const keyTimeoutMs: number = 5 * second;
/** Longest key set or discovery document, in bytes: the longest in use are some 30 KiB. */
export const maxKeyDocumentBytes: number = 256 * KiB;
/** Life of a development token, in seconds: a working day and then some. */
export const developmentTokenTtlSeconds: number = 24 * 60 * 60;

/** Gateway clients at a time. Each is a socket in the dgram backend; Linux allows 2¹⁹ files by default. */
export const maxGatewayClients = 4096;
/** New gateway clients per second: spoofed sources cannot make sockets faster. */
export const newGatewayClientsPerSecond = 1000;
/** A gateway client is forgotten after this silence, in ms: over an HTTP/3 server's usual idle timeout of 30 s. */
export const gatewayIdleMs: number = 90 * second;
/** The same for a client that sent fewer than 4 datagrams: a handshake that never came about, or a spoof. */
export const gatewayNewIdleMs: number = 10 * second;
/** Datagrams from which on a gateway client is no longer new: an Initial, its retransmissions, and then it talks. */
export const gatewayNewDatagrams = 4;
/** Datagrams that wait for a gateway client's socket to be ready: an initial flight; QUIC repeats the rest. */
export const gatewayWaitingDatagrams = 8;
/** Reverse proxies whose `X-Forwarded-For` counts: those on this host. The splice gives out neither address. */
export const trustedProxies: readonly string[] = ["127.0.0.1", "::1"];
/** A virtual address is not given out again for this long, in ms (design section 4). */
export const virtualAddressQuarantineMs: number = minute;

/**
 * Request bytes that the app has not read yet, and as many response bytes that the client has not taken yet, in bytes, of
 * one request: what a fast line brings while the event loop is busy for some 10 ms.
 */
export const maxStreamBytes: number = 2 * MiB;
/** The same for one connection: some uploads or pictures at a time. */
export const maxConnectionBytes: number = 8 * MiB;
/** The same for one source, an IPv4 address or an IPv6 /64: an office with browsers, and no more memory than one of them. */
export const maxSourceBytes: number = 16 * MiB;
/** The same in all: eight sources at their limit, to each of which as much is left as it holds. */
export const maxGatewayBytes: number = 128 * MiB;
/** What an open request counts for, in bytes, beside its header fields: its objects here and in the HTTP library. */
export const requestOverheadBytes: number = 4 * KiB;
/** Connections to the gateway of one source, over HTTP/3, HTTP/2 and HTTP/1.1: a quarter of those over TCP. */
export const maxConnectionsPerSource = 256;
/** Requests of one source that wait for the app, long polls and event streams: of 32 subjects at their limit. */
export const maxWaitsPerSource = 256;
/** A request that waits for the app longer than this counts as a long poll, in ms: others are answered by then. */
export const longWaitMs: number = second;
/** A request has this long until its header fields are there, in ms: some round trips of a bad line. */
export const headersTimeoutMs: number = 10 * second;
/** How long a body or its reader may stand still, in ms: an outage that a person waits through. */
export const stallTimeoutMs: number = 20 * second;
/** Slowest pace of a body and of its reader, in bytes per second: a tenth of a bad mobile line (GPRS). */
export const minBytesPerSecond: number = KiB;
/** A connection without requests ends after this, in ms: over the gap between two polls or two clicks. */
export const gatewayConnectionIdleMs: number = 75 * second;

/** TCP connections to the HTTP/2 gateway at a time: people with browsers, each of whom needs one. */
export const maxHttp2Connections = 1000;
/** Requests at a time on one HTTP/2 connection, as RFC 9113 §6.5.2 asks at least. */
export const maxHttp2Streams = 100;
/** A TCP connection to the gateway ends after this silence, in ms: five keepalives of an event stream. */
export const http2IdleTimeoutMs: number = 75 * second;

/** A TCP connection to the gateway has this long for its TLS handshake, in ms: some round trips of a bad line. */
export const tlsHandshakeTimeoutMs: number = 10 * second;

/** Longest token that signs in to the console, in bytes: a cookie has room for 4096 with its name (RFC 6265 §6.1). */
export const maxCookieTokenBytes = 4000;

/** Socket buffers, in bytes: 40 ms at 100 MB/s. The system may cap them (`net.core.rmem_max`). */
export const socketBufferBytes: number = 4 * MiB;

/** Threads of the native data plane: one forwards more than a 1G port carries; the app has the other cores. */
export const forwarderThreads = 1;
/** Most threads of the native data plane: more than network cards have queues. */
export const maxForwarderThreads = 64;

/**
 * The interfaces are looked at this often for where to forward in the kernel, in ms: soon enough for one that comes, and
 * little work (a look at 4 takes 0.3 ms, at 200 of which 100 have addresses 6 ms).
 */
export const xdpPollMs: number = 2 * second;

/** Bytes that may wait in the public socket's send queue: as much again as its buffer; then datagrams are dropped. */
export const maxSendQueueBytes: number = 4 * MiB;

/** Life of a STUN nonce, in ms: longer than two keepalives, short enough to bound a replay from the same address. */
export const stunNonceMs: number = minute;
/** STUN replies without proof of identity to one source IP, per second. */
export const stunRepliesPerSecond = 20;
/** Sources remembered for that limit at a time. */
export const maxStunSources = 10_000;

/** A peer's NAT keepalive and address check by STUN, in ms (design section 6; RFC 8445 §11 has the same 15 s). */
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
/** What a relay may send that belongs to no answer, in bytes: handshake, acknowledgements, framing. */
export const maxUnaskedBytes: number = 256 * KiB;
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
/** Spans of registrations look for news this often, in ms: 100 000 looks take 0.1 s, and times come from the data plane. */
export const telemetryWatchMs: number = 5 * second;
/** Shortest time after which a registration's span gives way to a new one, in ms: under it, spans would be metrics. */
export const minTelemetryIntervalMs: number = 10 * second;
/** Upper bounds of how long registrations are held, in seconds: from a dial that failed to a peer that stays a month. */
export const registrationDurationBuckets: readonly number[] = [
  1, 10, 60, 600, 3600, 21_600, 86_400, 604_800, 2_592_000,
];
