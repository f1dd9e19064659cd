/** The numbers of STUN, each with its unit and its reason; `defaults.ts` has them too. */

const second = 1000;
const minute = 60 * second;

/** Life of a STUN nonce, in ms: longer than two keepalives, short enough to bound a replay from the same address. */
export const stunNonceMs: number = minute;
/** Longest STUN message, in bytes: an Ethernet frame's; clients send 20 to 200. So what waits is bounded in bytes. */
export const maxStunBytes = 1500;
/** STUN requests that renew a registration with one nonce: twice the keepalives of its life; each is remembered. */
export const maxRequestsPerNonce = 8;
/** STUN requests per second that one source (an IPv4 address, an IPv6 /64) may send that no registration pays for. */
export const stunRepliesPerSecond = 20;
/** Sources told apart for that limit. */
export const maxStunSources = 16_384;
/**
 * STUN requests per second that sources pay for, all together, of each kind: those that name no live registration, those
 * that name one, and those that do from an address where they got our nonce. False addresses can send the first two,
 * which cost a twentieth of JavaScript's time, at 50 µs for each.
 */
export const stunPerKind = 500;
/**
 * STUN requests per second from the address of a registration and in its name: 1500 times the keepalives, so that who
 * spoofs both leaves room for them, at a cost of some ms a second.
 */
export const stunPerRegistration = 100;
/** The same from elsewhere, as a peer that has moved sends them; then its new source pays. */
export const stunPerRegistrationElsewhere = 20;
/**
 * STUN requests per second that the registrations of one subject (of one address, where nobody has a token) pay for from
 * their own addresses: twice what 1024 of them, the most of one address, send to renew every 15 s by challenge and proof,
 * and 1.5 % of JavaScript's time at 50 µs for each.
 */
export const stunPerSubject = 256;
/** The same from elsewhere: all 64 of one subject may move at once, which is rare. */
export const stunPerSubjectElsewhere = 64;
/**
 * Longest public STUN reply, in lengths of its request: 32 bytes for the 20 of a standard client over IPv4, 44 for 28
 * over IPv6. The 20 bytes of one over IPv6 would be answered with 44, and so are not.
 */
export const stunPublicAmplification = 1.7;
/** STUN messages that wait for JavaScript: renewals of 100 000 registrations while it is busy for 150 ms. */
export const maxWaitingStun = 1024;
/** Those of one kind that sources pay for, which so leave room for what registrations pay for: a quarter of a second's. */
export const maxWaitingStunOfKind = 128;
/** Those of one subject: one of each of its registrations. */
export const maxWaitingStunOfSubject = 64;
/** STUN messages that are answered before the clock is looked at. */
export const stunBatch = 8;
/** How long STUN is answered before the event loop gets its turn, in ms. */
export const stunSliceMs = 1;
