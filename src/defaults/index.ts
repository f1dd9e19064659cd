/** Every default number with its unit and its reason. Options override most of them. */
export * from "./http3.ts";
export * from "./peer.ts";
export * from "./stun.ts";
export * from "./tcp.ts";

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
/** What one subject may send, in bytes per second: 1 Gbit/s, so that one peer cannot fill a 10G port. */
export const bytesPerSecond = 125_000_000;
/** Depth of a token bucket, in ms of its rate: a scheduling gap of a busy peer, not a flood. */
export const bucketDepthMs = 250;
/** Least depth of a token bucket, in bytes: an initial congestion window and some (RFC 9002 §7.2). */
export const minBucketBytes: number = 64 * KiB;
/** Token buckets kept, until they are full, of subjects that hold no registration any more: some MB. */
export const maxIdleBuckets = 16_384;

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
/** Waiting messages for one recipient: 16 of one sender, which is half of them, and as many of others. */
export const maxMessagesPerRecipient = 32;
/** Waiting messages of one sender, so that one cannot fill the mailboxes of many. */
export const maxMessagesPerSender = 32;
/** Messages of one sender, waiting or ended and still visible to it: two a second on end, no more. Four times what may wait if that is more. */
export const maxVisibleMessagesPerSender = 128;
/** Bytes of waiting messages for one recipient: 4 KiB for each of 32, more than the first flight of most. */
export const maxMessageBytesPerRecipient: number = 128 * KiB;
/** Bytes of waiting messages of one sender: as much for each of its 32. */
export const maxMessageBytesPerSender: number = 128 * KiB;
/** Messages in all, waiting or ended: what is kept of one that ended takes some hundred bytes. */
export const maxMessages = 10_000;
/** Bytes of waiting messages in all: 10 000 at 3 KiB, the typical size. */
export const maxMessageBytes: number = 32 * MiB;
/** Bounds in bytes can be configured down to this: one message of 8 full datagrams with its note and names. */
export const minMessageBytes: number = 16 * KiB;
/** Seconds after which a sender may try a full mailbox again: accepters that are there take a message in less. */
export const mailboxRetrySeconds = 1;
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

/** Where nobody has a token an address counts as this many subjects: a floor of an office behind one NAT. */
export const subjectsPerAddress = 16;

/** Requests of one subject per minute that change something: ten dials a second over a minute, no more. */
export const requestsPerMinute = 600;
/** Connection IDs that a registration may have for each request that it counts as: their work is that of any other. */
export const cidsPerRequest = 32;
/** Subjects whose request rate is remembered, least recently seen forgotten first: some 10 MB. */
export const maxRateLimitedSubjects = 100_000;
/** Seconds after which a client may try again, where nothing better is known. */
export const retryAfterSeconds = 5;
/** How long a closing relay goes on forwarding, in ms, unless told: not at all, so that tests and Ctrl-C end at once. */
export const closeGraceMs = 0;
/** A closing relay looks this often whether its last registration has ended, in ms. */
export const drainPollMs = 100;

/** How long an initial DCID stays pinned, in ms: a handshake's retransmissions. */
export const pinTtlMs: number = 30 * second;
/** Initial DCIDs pinned at a time for one accepter; more dials at once than a mailbox holds make no sense. */
export const maxPinsPerSession = 32;

/** Clock skew that a token's times may have, in seconds. */
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
/** Keys that are tried for one token, by `kid` or without: few issuers sign with more, and a check takes up to 0.3 ms. */
export const maxKeysPerToken = 16;
/** Longest key set or discovery document, in bytes: the longest in use are some 30 KiB. */
export const maxKeyDocumentBytes: number = 256 * KiB;
/** Life of a development token, in seconds: a working day and then some. */
export const developmentTokenTtlSeconds: number = 24 * 60 * 60;

/** Gateway clients at a time. Each is a socket in the dgram backend; Linux allows 2¹⁹ files by default. */
export const maxGatewayClients = 4096;
/**
 * Places on probation: a quarter of all, the last one. At the highest rate of new clients one lasts a second there, in which
 * a handshake has its two round trips.
 */
export const gatewayProbationDivisor = 4;
/** Places of clients whose connection nobody knows, and such new ones in a second: a sixteenth, as migrations are few. */
export const gatewayStrangerDivisor = 16;
/** Places on probation of one connection at other addresses than its first: a client that moves has one, a NAT some. */
export const maxMovedPlaces = 4;
/**
 * What the gateway may send to a new path without knowing it, in bytes, beside three times what came from there (RFC 9000
 * §8.1): ten datagrams, as an initial window (RFC 9002 §7.2), for servers that do not count their probes.
 */
export const unprovenPathBytes: number = 10 * 1200;
/** Places of one IPv4 address or IPv6 /64: an eighth, so that it takes more than a few addresses to fill all of them. */
export const gatewayShareDivisor = 8;
/** Least places of one address, for a relay with few: those of an office behind one NAT. */
export const minGatewayShare = 16;
/** New gateway clients of one address: a quarter of those of all in a second, and at once as many as all may. */
export const gatewayShareRateDivisor = 4;
/** New gateway clients per second: spoofed sources cannot make sockets faster. */
export const newGatewayClientsPerSecond = 1000;
/** A gateway client is forgotten after this silence, its own or the gateway's, in ms: over an HTTP/3 server's idle timeout of 30 s. */
export const gatewayIdleMs: number = 90 * second;
/** The same on probation, in ms: a handshake that never came about, or a spoof. Where a known connection is now is neither. */
export const gatewayNewIdleMs: number = 10 * second;
/**
 * How long a packet of a gateway client shows where it is, in ms: the way of its request to the relay's answer. Far shorter
 * than a NAT leaves an address that is not in use to nobody (RFC 4787 §4.3: two minutes; some do after 30 s).
 */
export const gatewayPresenceMs: number = 2 * second;
/** Datagrams that wait for a gateway client's socket to be ready: an initial flight; QUIC repeats the rest. */
export const gatewayWaitingDatagrams = 8;
/** Reverse proxies whose `X-Forwarded-For` counts: those on this host. The splice gives out neither address. */
export const trustedProxies: readonly string[] = ["127.0.0.1", "::1"];
/** A virtual address is not given out again for this long, in ms. */
export const virtualAddressQuarantineMs: number = minute;

/**
 * Request bytes that the app has not read yet, and as many response bytes that the client has not taken yet, in bytes, of
 * one request: what a fast line brings while the event loop or the app is busy for 40 ms.
 */
export const maxStreamBytes: number = 4 * MiB;
/** The same for one connection: no more than for one request, as both are one client's. */
export const maxConnectionBytes: number = 4 * MiB;
/** The same for one source, an IPv4 address or an IPv6 /64: an office with browsers, and less memory than one of them. */
export const maxSourceBytes: number = 8 * MiB;
/** The same in all: sixteen sources at their limit, to each of which as much is left as it holds. */
export const maxGatewayBytes: number = 128 * MiB;
/** Longest header fields of a request, in bytes: what Node's own servers take. */
export const maxHeaderBytes: number = 16 * KiB;
/** Bytes of a request's body that wait for the app before the client is held back, where it can be. */
export const bodyReadAheadBytes: number = 256 * KiB;
/** What a piece of such a body counts for beside its bytes: the objects that hold it. */
export const bodyPieceOverheadBytes = 128;
/** Response bytes handed to the HTTP library in one piece: some turns of the event loop at 100 MB/s. */
export const responsePieceBytes: number = 64 * KiB;
/** Response bytes of one connection that the HTTP library may have and not have sent: 25 ms at 20 MB/s. */
export const maxConnectionOutboxBytes: number = 512 * KiB;
/** The same for one source: two connections at full speed. */
export const maxSourceOutboxBytes: number = MiB;
/** The same in all. At 4 MiB the library takes nothing more from anybody. */
export const maxOutboxBytes: number = 3 * MiB;
/** What a response counts for there at least, in bytes, as each that waits in the library costs it time in each turn. */
export const minResponseBytes: number = 8 * KiB;
/** From here on a connection is asked what was sent, in bytes handed over: some small answers, as asking takes 0.1 ms. */
export const outboxSettleBytes: number = 32 * KiB;
/** Shortest time between two such questions while a response waits for room, in ms: 1 MiB in 5 ms is 200 MB/s. */
export const outboxSettleMs = 5;
/** Connections and requests of the gateway are looked at this often for what has taken too long, in ms. */
export const gatewaySweepMs: number = second / 2;
/** What an open request counts for, in bytes, beside its header fields: its objects, and an answer that waits to be read. */
export const requestOverheadBytes: number = 12 * KiB;
/** Connections to the gateway of one source, over HTTP/3, HTTP/2 and HTTP/1.1: an office, or 25 MB of connections. */
export const maxConnectionsPerSource = 128;
/** Requests of one source that wait for the app, long polls and event streams: of 32 subjects at their limit. */
export const maxWaitsPerSource = 256;
/** A request that waits for the app longer than this counts as a long poll, in ms: others are answered by then. */
export const longWaitMs: number = second;
/** Requests that are taken to the app in one turn of the event loop: about a millisecond's. */
export const appRequestsPerTurn = 8;
/** A request has this long until its header fields are there, in ms: some round trips of a bad line. */
export const headersTimeoutMs: number = 10 * second;
/** How long a body or its reader may stand still, in ms: an outage that a person waits through. */
export const stallTimeoutMs: number = 20 * second;
/** Slowest pace of a body and of its reader, in bytes per second: a tenth of a bad mobile line (GPRS). */
export const minBytesPerSecond: number = KiB;
/** A connection without requests ends after this, in ms: over the gap between two polls or two clicks. */
export const gatewayConnectionIdleMs: number = 75 * second;

/** Longest token that signs in to the console, in bytes: a cookie has room for 4096 with its name (RFC 6265 §6.1). */
export const maxCookieTokenBytes = 4000;

/** Socket buffers, in bytes: 40 ms at 100 MB/s. The system may cap them (`net.core.rmem_max`). */
export const socketBufferBytes: number = 4 * MiB;

/** Threads of the native data plane: one forwards more than a 1G port carries; the app has the other cores. */
export const forwarderThreads = 1;
/** Most threads of the native data plane: more than network cards have queues. */
export const maxForwarderThreads = 64;

/**
 * The addresses of the host are looked at this often for which of them want a socket (`dgram`), in ms: until then a new
 * one is served by the socket that is bound to all, which answers from the address that routing picks.
 */
export const localSocketPollMs: number = 2 * second;
/** Most sockets for addresses of the host (`dgram`); peers of those beyond are answered as routing picks. */
export const maxLocalSockets = 256;

/**
 * The interfaces are looked at this often for where to forward in the kernel, in ms: soon enough for one that comes, and
 * little work (a look at 4 takes 0.3 ms, at 200 of which 100 have addresses 6 ms).
 */
export const xdpPollMs: number = 2 * second;

/** Bytes that may wait in the public socket's send queue: as much again as its buffer; then datagrams are dropped. */
export const maxSendQueueBytes: number = 4 * MiB;

/** Spans of registrations look for news this often, in ms: 100 000 looks take 0.1 s, and times come from the data plane. */
export const telemetryWatchMs: number = 5 * second;
/** Shortest time after which a registration's span gives way to a new one, in ms: under it, spans would be metrics. */
export const minTelemetryIntervalMs: number = 10 * second;
/** Upper bounds of how long registrations are held, in seconds: from a dial that failed to a peer that stays a month. */
export const registrationDurationBuckets: readonly number[] = [
  1, 10, 60, 600, 3600, 21_600, 86_400, 604_800, 2_592_000,
];
