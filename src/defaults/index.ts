/** Every default with its unit and its reason. Options override most of them. */
import { hour, KiB, MiB, minute, second } from "./units.ts";

export * from "./direct.ts";
export * from "./gateway.ts";
export * from "./http3.ts";
export * from "./mapping.ts";
export * from "./path.ts";
export * from "./peer.ts";
export * from "./stun.ts";
export * from "./tcp.ts";

/** Longest delay that a Node timer keeps, in ms. A longer one fires at once. */
export const maxTimerMs: number = 2 ** 31 - 1;

/** The relay's default public UDP port: unprivileged, and the usual port of QUIC test servers. */
export const port = 4433;

/** Lifetime of a registration that requests none, in ms. A peer that never refreshes can talk for an hour on it. */
export const registrationTtlMs: number = hour;
/** Longest lifetime a registration may request, in ms. Each renewal starts it anew. */
export const maxRegistrationTtlMs: number = 24 * hour;
/** Shortest registration lifetime, in ms. Below it, renewals alone would be the load. */
export const minRegistrationTtlMs: number = 10 * second;

/** Registrations in all: about 150 MB at 10 CIDs each, with routes and counters. */
export const maxRegistrations = 100_000;
/** Connection IDs in all: 10 per registration. */
export const maxCids = 1_000_000;
/** Connection IDs per registration: 8 times what a peer begins with, derived in 2 ms. */
export const maxCidsPerRegistration = 256;
/** Registrations per subject: one per connection it holds. A hundredth of all. */
export const maxRegistrationsPerSubject = 1024;
/** Connection IDs per subject: 1024 registrations of 32, and as many again for those that grow. A fifteenth of all. */
export const maxCidsPerSubject = 65_536;
/**
 * Most registrations and connection IDs of an address where no client has a token, as a part of all, unless one subject may have more:
 * an eighth, so that a few addresses cannot fill the table.
 */
export const addressShareDivisor = 8;
/** Time without a sign of life after which a peer's process counts as dead, in ms: two keepalives of 15 s, of which one may get lost. */
export const silentRunMs: number = 30 * second;
/** Send rate of one subject, in bytes per second: 1 Gbit/s, so that one peer cannot fill a 10G port. */
export const bytesPerSecond = 125_000_000;
/** Depth of a token bucket, in ms of its rate: absorbs a scheduling gap of a busy peer, but not a flood. */
export const bucketDepthMs = 250;
/** Least depth of a token bucket, in bytes: somewhat more than an initial congestion window (RFC 9002 §7.2). */
export const minBucketBytes: number = 64 * KiB;
/** Token buckets of subjects without registrations, kept until they are full: a few MB. */
export const maxIdleBuckets = 16_384;

/** Interval between sweeps for expired registrations, in ms. The data plane itself checks every packet. */
export const sweepIntervalMs: number = second;
/** Registrations ended before the event loop gets its turn: well under 1 ms at 10 CIDs each. */
export const sweepBatch = 64;
/** Sessions of an earlier process ended in one sweep: a few ms with all their entries in the kernel. */
export const unclaimedSweepBatch = 512;

/** Lifetime of a mailbox message that requests none, in ms: as long as a person waits for a call to be answered. */
export const messageTtlMs: number = minute;
/** Longest lifetime of a mailbox message, in ms. */
export const maxMessageTtlMs: number = 5 * minute;
/** Shortest lifetime of a mailbox message, in ms. No recipient could fetch it sooner. */
export const minMessageTtlMs: number = second;
/** Time for which a sender can still query a message that has ended, in ms. */
export const messageTombstoneMs: number = minute;
/** Waiting messages per recipient: 16 from one sender, half of the box, and as many from others. */
export const maxMessagesPerRecipient = 32;
/** Waiting messages per sender, so that one sender cannot fill many mailboxes. */
export const maxMessagesPerSender = 32;
/** Messages of one sender, waiting or ended but still visible: a sustained two per second. Four times its waiting limit if that is more. */
export const maxVisibleMessagesPerSender = 128;
/** Bytes of waiting messages per recipient: 4 KiB for each of 32, more than most first flights. */
export const maxMessageBytesPerRecipient: number = 128 * KiB;
/** Bytes of waiting messages per sender: the same for each of its 32. */
export const maxMessageBytesPerSender: number = 128 * KiB;
/** Messages in all, waiting or ended. The record of an ended one takes a few hundred bytes. */
export const maxMessages = 10_000;
/** Bytes of waiting messages in all: 10 000 of 3 KiB, the typical size. */
export const maxMessageBytes: number = 32 * MiB;
/** Smallest configurable byte limit: one message of 8 full datagrams with its note and names. */
export const minMessageBytes: number = 16 * KiB;
/** Retry delay for a full mailbox, in seconds. An active accepter takes a message sooner than that. */
export const mailboxRetrySeconds = 1;
/** Long polls and event streams open at a time per subject. */
export const maxWaitersPerSubject = 8;
/** Long polls and event streams open in all: a few KiB each. */
export const maxWaiters = 10_000;
/** Readers of one box woken at a time: all that a peer with a name has. */
export const readersWokenAtOnce = 8;
/** Shortest time between two slices of them, in ms, so that 2000 readers of a box get an answer in a second at most. */
export const readersWokenEveryMs = 4;
/** Interval between comments on a quiet event stream, in ms. They make proxies keep it open. */
export const eventStreamKeepaliveMs: number = 15 * second;

/** Time in which an invitation may be used if none is asked for, in ms: as long as it takes to hand it to somebody who waits. */
export const invitationTtlMs: number = 10 * minute;
/** Longest such time, in ms. An invitation is for today; a token of one's own is for longer. */
export const maxInvitationTtlMs: number = 24 * hour;
/** Shortest such time, in ms. */
export const minInvitationTtlMs: number = 10 * second;
/** Invitations per inviter: those of a day, or of a support desk at one time. */
export const maxInvitationsPerSubject = 64;
/** Invitations in all: 20 MB if each has the longest names. */
export const maxInvitations = 10_000;
/** Requests other than GET of an invitation's holder per minute, which count as its inviter's too: a tenth of what one may ask. */
export const invitationRequestsPerMinute = 60;

/** Longest body of a register or take request, in bytes: a 64-byte key in base64, with room to spare. */
export const maxSmallBodyBytes: number = 4 * KiB;
/** Longest body of a mailbox message, in bytes: 8 datagrams of 1472 bytes in base64 (15 704) and a note. */
export const maxMessageBodyBytes: number = 20 * KiB;

/** Time that `quicpipe top` waits for an answer before it marks its figures as old, in ms. */
export const topTimeoutMs: number = 3 * second;

/** Log lines of one kind per interval: enough to see what happens, too few to fill a disk. */
export const logLinesPerKind = 10;
/** Length of that interval, in ms. */
export const logIntervalMs: number = 10 * second;

/** Interval between samples of the statistics, which rates and event streams are built from, in ms: as fast as a person can follow. */
export const sampleIntervalMs: number = second;
/** Time for which rates are sampled after the last request for them, in ms: covers the gap between two looks. */
export const sampleIdleMs: number = minute;
/** Sessions sampled before the event loop gets its turn: under 1 ms. */
export const sampleBatch = 4096;
/** Time that one statistics request may search before the event loop gets its turn, in ms. */
export const searchSliceMs = 3;
/** Registrations examined between two clock readings in such a search. */
export const searchBatch = 64;

/** Subjects that an address counts as where no client has a token: a floor of an office behind one NAT. */
export const subjectsPerAddress = 16;

/** State-changing requests of one subject per minute: ten dials per second, sustained. */
export const requestsPerMinute = 600;
/** Connection IDs of a registration per request that it counts as: their work equals that of any other request. */
export const cidsPerRequest = 32;
/** Subjects whose request rate is remembered; the least recently seen is evicted first. About 10 MB. */
export const maxRateLimitedSubjects = 100_000;
/** Default `Retry-After`, in seconds, where no better value is known. */
export const retryAfterSeconds = 5;
/** Default time that a closing relay goes on forwarding, in ms: none, so that tests and Ctrl-C end at once. */
export const closeGraceMs = 0;
/** Pause after a request failed to open the relay's socket, in ms. Until then requests are refused without another attempt. */
export const openCooldownMs: number = second;
/** Interval at which a closing relay checks for remaining registrations, in ms; also the time for the answers to ended waits. */
export const drainPollMs = 100;

/** Lifetime of an initial route, in ms: covers the retransmissions of a handshake. */
export const initialRouteTtlMs: number = 30 * second;
/** Initial routes at a time per accepter. More simultaneous dials than a mailbox holds make no sense. */
export const maxInitialRoutesPerSession = 32;

/** Clock skew allowed in a token's times, in seconds. */
export const clockToleranceSeconds = 5;
/** Age at which an issuer's keys are fetched again, in ms. A revoked key may still count for that long. */
export const maxKeyAgeMs: number = 10 * minute;
/** Time for which keys stay valid while their issuer is unreachable, in ms: a night, and a working day to repair it. */
export const keyGraceMs: number = 24 * hour;
/** Longest such time that can be configured, in ms. Issuers revoke keys for a reason. */
export const maxKeyGraceMs: number = 30 * 24 * hour;
/** Shortest time between two fetches of an issuer's keys, in ms: a short wait for a new key, and little load on the issuer. */
export const keyCooldownMs: number = 10 * second;
/** Timeout for fetching an issuer's keys, discovery included, in ms: half of a peer's request timeout. */
export const keyTimeoutMs: number = 5 * second;
/** Keys tried for one token, with or without `kid`. Few issuers sign with more, and a check takes up to 0.3 ms. */
export const maxKeysPerToken = 16;
/** Time for which a token that was valid is not verified again, in ms: a dial and a refresh, and less than keys take to change. */
export const verifiedTokenMs = 30_000;
/** Tokens that are known to be valid: 4 MB of the longest. */
export const verifiedTokens = 512;
/** Longest token that is kept as valid, in characters. Others have long lists of names. */
export const longestVerifiedToken = 2048;
/** Longest key set or discovery document, in bytes. The longest in use are about 30 KiB. */
export const maxKeyDocumentBytes: number = 256 * KiB;
/** Validity of an identity from an app's own function that states none, in ms. Event streams end after it. */
export const appIdentityMs: number = hour;
/** Longest validity of such an identity, in ms: a cookie of the console lasts as long. */
export const maxAppIdentityMs: number = 30 * 24 * hour;
/** Lifetime of a development token, in seconds: more than a working day. */
export const developmentTokenTtlSeconds: number = 24 * 60 * 60;

/** Gateway clients at a time. Each takes a socket in the dgram backend; Linux allows 2¹⁹ files by default. */
export const maxGatewayClients = 4096;
/**
 * Divisor for places on probation: the last quarter of all places. At the highest rate of new clients such a place lasts one
 * second, long enough for the two round trips of a handshake.
 */
export const gatewayProbationDivisor = 4;
/** Divisor for clients of unknown connections: their places, and their rate. A sixteenth, as migrations are rare. */
export const gatewayStrangerDivisor = 16;
/** Places on probation of one connection at addresses other than its first. A moving client needs one, a NAT a few. */
export const maxMovedPlaces = 4;
/**
 * Bytes that the gateway may send to an unvalidated path beyond three times what came from it (RFC 9000 §8.1): ten
 * datagrams, an initial window (RFC 9002 §7.2), for servers that do not count their probes.
 */
export const unprovenPathBytes: number = 10 * 1200;
/** Divisor for the places of one IPv4 address or IPv6 /64: an eighth, so that a few addresses cannot fill all places. */
export const gatewayShareDivisor = 8;
/** Least places of one address, for a relay with few: an office behind one NAT. */
export const minGatewayShare = 16;
/** Divisor for the rate of new gateway clients of one address: a quarter of the total rate. The burst is the same as for all. */
export const gatewayShareRateDivisor = 4;
/** New gateway clients per second. Bounds how fast spoofed sources can create sockets. */
export const newGatewayClientsPerSecond = 1000;
/** Silence of a gateway client, or of the gateway, after which it is forgotten, in ms: above an HTTP/3 server's idle timeout of 30 s. */
export const gatewayIdleMs: number = 90 * second;
/**
 * The same on probation, in ms: a handshake that failed, or a spoofed source. The place of a known connection's latest
 * packet is exempt.
 */
export const gatewayNewIdleMs: number = 10 * second;
/**
 * Time for which a packet of a gateway client proves its address, in ms: from its request to the relay's answer. Far shorter
 * than the time after which a NAT reassigns an idle address (RFC 4787 §4.3: two minutes; some do after 30 s).
 */
export const gatewayPresenceMs: number = 2 * second;
/** Datagrams queued until a gateway client's socket is ready: an initial flight. QUIC retransmits the rest. */
export const gatewayWaitingDatagrams = 8;
/** Default reverse proxies whose `X-Forwarded-For` counts: those on this host. The splice assigns neither address to a client. */
export const trustedProxies: readonly string[] = ["127.0.0.1", "::1"];
/** Time before a virtual address is reused, in ms. */
export const virtualAddressQuarantineMs: number = minute;

/** Longest token for signing in to the console, in bytes. A cookie has room for 4096 including its name (RFC 6265 §6.1). */
export const maxCookieTokenBytes = 4000;

/**
 * Interval at which the native backend returns freed memory to the system, in ms. It takes another thread 0.1 ms for each MB,
 * for which glibc keeps the event loop from allocating: 4 ms for what an attack leaves behind.
 */
export const memoryTrimMs: number = 10 * second;
/** Socket buffers, in bytes: 40 ms at 100 MB/s. The system may cap them (`net.core.rmem_max`). */
export const socketBufferBytes: number = 4 * MiB;

/** Threads of the native backend. One forwards more than a 1G port carries; the other cores are the app's. */
export const forwarderThreads = 1;
/** Most threads of the native backend: more than network cards have queues. */
export const maxForwarderThreads = 64;

/**
 * Interval at which the host's addresses are checked for sockets to open (`dgram`), in ms. Until then the wildcard socket
 * serves a new address and answers from the one that routing picks.
 */
export const localSocketPollMs: number = 2 * second;
/** Most sockets for the host's addresses (`dgram`). Peers of further ones are answered as routing picks. */
export const maxLocalSockets = 256;

/**
 * Interval at which the interfaces are checked for kernel forwarding, in ms: soon enough for a new one, and little work (0.3
 * ms for 4; 6 ms for 200 of which 100 have addresses).
 */
export const xdpPollMs: number = 2 * second;

/** Bytes in the public socket's send queue: as much again as its buffer. Further datagrams are dropped. */
export const maxSendQueueBytes: number = 4 * MiB;

/** Interval at which registration spans look for news, in ms. 100 000 looks take 0.1 s, and times come from the data plane. */
export const telemetryWatchMs: number = 5 * second;
/** Shortest time after which a new span succeeds a registration's span, in ms. Below it, spans would be metrics. */
export const minTelemetryIntervalMs: number = 10 * second;
/** Upper bounds of the histogram of registration durations, in seconds: from a failed dial to a peer that stays a month. */
export const registrationDurationBuckets: readonly number[] = [
  1, 10, 60, 600, 3600, 21_600, 86_400, 604_800, 2_592_000,
];
/** Upper bounds of the histogram of searches for a direct path, in seconds: from one round trip to a path that rests (5 s and longer). */
export const searchDurationBuckets: readonly number[] = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 6, 15, 60, 300];
