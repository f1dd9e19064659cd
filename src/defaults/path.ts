/** Defaults of direct paths between peers, each with its unit and its reason. `defaults/index.ts` exports them too. */
import { hour, KiB, minute, second } from "./units.ts";

/** Longest message on the control stream of two peers, in bytes: 20 times what 8 candidates take. */
export const maxControlMessageBytes: number = 4 * KiB;
/** Bytes that a peer keeps for a control stream whose other side does not read, before it ends the stream: dozens of lists. */
export const maxControlUnsentBytes: number = 16 * KiB;
/** Lists of candidates that a peer looks at per minute, and at once. Of more, the last one is looked at when there is room. */
export const candidateListsPerMinute = 16;
/**
 * Bytes that a peer reads from a control stream per minute, and at once: hundreds of candidate lists, where an interface that
 * changes each second sends 60.
 */
export const controlBytesPerMinute: number = 64 * KiB;
/** Messages that a peer reads from it per minute, and at once, known or not: 60 lists of such an interface, and its rounds and paths. */
export const controlMessagesPerMinute = 256;
/** Least gap between two looks at what the other side has begun (PUNCH), in ms: more often than anybody begins anything. */
export const punchGapMs = 50;

/**
 * Candidates that a peer tells the other, and takes of it: two of each kind, and with them what checks may send to others at
 * one's word.
 */
export const maxCandidates = 8;

/** Largest gap between two outer ports of a NAT that counts, in ports: one for each destination, and others that its other hosts took meanwhile. */
export const maxPortStep = 16;

/**
 * Times at which a round sends to one address, in ms after the first: close together while the other peer's first check may
 * just have opened its NAT, and twice as far each time for one that begins late or a path that loses packets.
 */
export const checkLadderMs: readonly number[] = [0, 33, 67, 133, 266, 533, 1066, 2131];
/**
 * The same at an address that is a guess, in ms: there are 16, of which at most one is right, and the other peer's NAT has let in the
 * sender before they come. The second one is for a loss.
 */
export const guessLadderMs: readonly number[] = [0, 533];
/**
 * TTL of a first check to an address that opens this side's NAT and ends before the other one's: that may keep an entry for what came
 * too early, and then give the other side's checks another port. Few hosts are more than four routers from the public internet.
 */
export const openerTtl = 5;
/** Time in ms that the next check waits for the other side's word that it has begun too: as long as most round trips by a relay are. */
export const openerMs: number = second / 4;
/** Gap between the first checks to two addresses of a round, in ms: new mappings come no faster (RFC 8445 §14.2). */
export const checkPaceMs = 20;
/** Time after a round's last check in which an answer may come, in ms (RFC 8445 §14.3: the least timeout). */
export const checkAnswerMs: number = second / 2;
/** Addresses of a round: with 8 checks of 88 bytes at each, a peer can make the other send 5.6 kB at what it names. */
export const maxRoundTargets = 8;
/** Checks of a round at all of its addresses: 8 at each of 8, or 2 at each of 16 guesses and 8 at each of 4 others. */
export const maxRoundChecks: number = maxRoundTargets * checkLadderMs.length;
/** Ports of a NAT that counts that are guessed: more than a home takes between a measurement and a check. */
export const guessedPorts = 16;
/** Least port that is guessed or searched. NATs give those of this range and above (RFC 4787 §4.2.1), services listen below. */
export const leastGuessedPort = 1024;
/** Ports before the measured one among the guesses: checks of the same round, whose packets were first. */
export const portsBefore = 4;
/** Time after a round in which NATs still have its mappings, in ms: the shortest that is usual. */
export const mappingMs: number = 30 * second;
/** Rounds per minute, scheduled or not: what a peer names anew, or a flapping interface, begins no more. */
export const maxRoundsPerMinute = 4;
/** Times of the first rounds, in ms after the start: a NAT whose entry stands in the way may drop it by the second or third. */
export const roundTimesMs: readonly number[] = [0, 5 * second, 15 * second];
/** Gap between rounds after those while the relay carries data, in ms. */
export const activeRoundMs: number = minute;
/** The same while it carries none, in ms: often enough to learn that a network has changed for the better. */
export const idleRoundMs: number = hour;
/** How long a host's addresses are taken for known, in ms, before checks go to what another peer named: a look takes 0.1 ms. */
export const placeLookMs: number = second;
/** Checks per second of a process at addresses that have not answered, and at once: 18 kB/s at what all peers together name. */
export const unprovenChecksPerSecond = 200;

/**
 * Sockets that a peer behind a NAT of random ports opens for a search, and checks of the other side at random ports: some meet in 98 of 100
 * searches, as 1 − (1 − 256 ⁄ 64 512)¹⁰²⁴ is 0.98.
 */
export const searchSockets = 256;
export const searchChecks = 1024;
/** Checks of a search in a turn, and its length in ms: 160 a second, of the 200 that all searches and rounds of a process have. */
export const searchStepsPerTurn = 8;
export const searchTurnMs = 50;
/** Time in ms in which an answer to the last check of a search may come: 99 of 100 paths are not as long. */
export const searchAnswerMs: number = second;
/** Time in ms that each side waits for the other one's part: it takes 1.6 and 6.4 s, or longer while rounds of others use the limit. */
export const searchWaitMs: number = 12 * second;
/** Time in ms that either part of a search takes at most, however long its openers or checks wait for the limit, and its sockets for the other side. */
export const searchOpenMs: number = 30 * second;
/** Ports whose checks are answered by one while their IP address is searched: a quarter of the sockets that the other side opens. */
export const maxHeardPorts = 64;
/** Gap in ms between the searches of a thread, whoever asks for them: what all peers and relays together can have it send is 15 checks a second in the mean. */
export const searchGapMs: number = minute;
/** Time in ms after which an IP address, or another peer, is searched again: what does not answer is another NAT than it says, or somebody else. */
export const searchRestMs: number = 10 * minute;
/** Searches in that time in which the other side does not do its part, as its own last search is less than a minute ago. */
export const searchTries = 3;
/** Gap in ms between two looks whether a search may begin that the other side waits for. */
export const searchLookMs: number = second / 2;
/** STUN messages a second, and at once, that the sockets of a search judge: of 160 checks a second, few come. */
export const searchVerdictsPerSecond = 256;
/** Ports to which a check has come that wait to be tried, a second each: one of the first is right unless somebody sends checks on. */
export const maxSearchTrials = 16;
/** Sockets that a search gives back where the system has no more: connections and dials of the process need some. */
export const searchSpareSockets = 32;
/** Least sockets of a search that goes on: they find a port in 64 of 100 searches. */
export const leastSearchSockets = 64;
