/** Defaults of STUN, each with its unit and its reason. `defaults/index.ts` exports them too. */
import { minute } from "./units.ts";

/** Lifetime of a STUN nonce, in ms: eight keepalives, so that few ask for another, and short enough to bound a replay from the same address. */
export const stunNonceMs: number = 2 * minute;
/** Longest STUN message, in bytes: an Ethernet frame's payload. Clients send 20 to 200. It bounds the queue in bytes. */
export const maxStunBytes = 1500;
/** STUN requests that can renew a registration with one nonce: the keepalives of its lifetime. Each is remembered. */
export const maxRequestsPerNonce = 8;
/** STUN requests per second of one source (an IPv4 address, an IPv6 /64) that no registration pays for. */
export const stunRepliesPerSecond = 20;
/** Sources tracked for that limit. */
export const maxStunSources = 16_384;
/**
 * STUN requests per second that all sources together pay for, per kind: those that name no live registration, those that
 * name one, and those that name one and carry a nonce issued to their address. Spoofed addresses can send the first two
 * kinds, which cost a twentieth of JavaScript's time, at 50 µs each.
 */
export const stunPerKind = 500;
/**
 * STUN requests per second from the address and in the name of one registration: 1500 times the keepalives. An attacker that
 * spoofs both still leaves room for them, at a cost of a few ms per second.
 */
export const stunPerRegistration = 100;
/** The same from other addresses, as sent by a peer that has moved. Beyond that its new source pays. */
export const stunPerRegistrationElsewhere = 20;
/**
 * STUN requests per second that the registrations of one subject (of one address, where no client has a token) pay for from
 * their own addresses: about twice what 1024 of them, the most of one address, send to renew every 15 s with challenge and
 * proof, and 1.3 % of JavaScript's time at 50 µs each.
 */
export const stunPerSubject = 256;
/** The same from other addresses: all 64 registrations of a subject may move at once, which is rare. */
export const stunPerSubjectElsewhere = 64;
/**
 * Longest public STUN reply, as a multiple of its request: 32 bytes for the 20 of a standard client over IPv4, 44 for 28
 * over IPv6. A 20-byte request over IPv6 would need 44 and is not answered.
 */
export const stunPublicAmplification = 1.7;
/** STUN messages waiting for JavaScript: the renewals of 100 000 registrations while it is busy for 150 ms. */
export const maxWaitingStun = 1024;
/** Those of one kind that sources pay for: a quarter second's worth. Leaves room for those that registrations pay for. */
export const maxWaitingStunOfKind = 128;
/** Those of one subject: one per registration. */
export const maxWaitingStunOfSubject = 64;
/** STUN messages answered between two clock readings. */
export const stunBatch = 8;
/** Time spent on STUN before the event loop gets its turn, in ms. */
export const stunSliceMs = 1;
