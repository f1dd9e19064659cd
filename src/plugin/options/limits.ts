import * as defaults from "../../defaults/index.ts";
import { maxNum } from "../../protocol.ts";
import { requireInteger, requireOptions } from "../../option-checks.ts";

/**
 * Limits of a relay; a token's `quicpipe` claim narrows those of its subject, never widens them. With `auth: "none"` an
 * address (an IPv4 address, an IPv6 /64) takes a subject's place, and counts as 16.
 */
export interface LimitOptions {
  /** Registrations in all, from 1; 100 000 if absent. */
  readonly maxRegistrations?: number;
  /** Connection IDs in all, from 1; 1 000 000 if absent. */
  readonly maxCids?: number;
  /** Registrations of one subject, from 1; 64 if absent. */
  readonly maxRegistrationsPerSubject?: number;
  /** Connection IDs of one subject, from 1; 2048 if absent. */
  readonly maxCidsPerSubject?: number;
  /** Connection IDs of one registration, 1 to 65 536; 256 if absent. Each takes 6 µs to derive. */
  readonly maxCidsPerRegistration?: number;
  /** What all registrations of one subject may send together, in bytes per second, from 1; 125 000 000 if absent. */
  readonly bytesPerSecond?: number;
  /** Life of a registration that asks for none, in ms, from 10 000; an hour if absent. */
  readonly registrationTtlMs?: number;
  /** Longest life a registration may ask for, in ms, from 10 000; a day if absent. */
  readonly maxRegistrationTtlMs?: number;
  /** Life of a mailbox message that asks for none, in ms, from 1000; a minute if absent. */
  readonly messageTtlMs?: number;
  /** Longest life a mailbox message may ask for, in ms, from 1000; 5 minutes if absent. */
  readonly maxMessageTtlMs?: number;
  /** Mailbox messages in all, waiting or ended, from 1; 10 000 if absent. */
  readonly maxMessages?: number;
  /** Bytes of messages that wait, from 16 384; 32 MiB if absent. */
  readonly maxMessageBytes?: number;
  /** Messages that wait for one recipient, from 1; 32 if absent. Half of them for one sender, the last quarter for others. */
  readonly maxMessagesPerRecipient?: number;
  /** Bytes of messages that wait for one recipient, from 16 384; 128 KiB if absent. */
  readonly maxMessageBytesPerRecipient?: number;
  /** Messages of one sender that wait, from 1; 32 if absent. */
  readonly maxMessagesPerSender?: number;
  /** Bytes of messages of one sender that wait, from 16 384; 128 KiB if absent. */
  readonly maxMessageBytesPerSender?: number;
  /** Long polls and event streams open in all, from 1; 10 000 if absent. */
  readonly maxWaiters?: number;
  /** Long polls and event streams of one subject, from 1; 8 if absent. */
  readonly maxWaitersPerSubject?: number;
  /** Requests of one subject per minute that change something, from 1; 600 if absent. */
  readonly requestsPerMinute?: number;
}

/** All limits, given or default. */
export type Limits = Required<LimitOptions>;

const limitNames = [
  "maxRegistrations",
  "maxCids",
  "maxRegistrationsPerSubject",
  "maxCidsPerSubject",
  "maxCidsPerRegistration",
  "bytesPerSecond",
  "registrationTtlMs",
  "maxRegistrationTtlMs",
  "messageTtlMs",
  "maxMessageTtlMs",
  "maxMessages",
  "maxMessageBytes",
  "maxMessagesPerRecipient",
  "maxMessageBytesPerRecipient",
  "maxMessagesPerSender",
  "maxMessageBytesPerSender",
  "maxWaiters",
  "maxWaitersPerSubject",
  "requestsPerMinute",
] as const;

/**
 * Validates the option `limits` and fills in the defaults.
 *
 * @throws ERR_QUICPIPE_OPTION_INVALID, naming the limit.
 */
export function resolveLimits(value: LimitOptions | undefined): Limits {
  const given = requireOptions("limits", value, limitNames);
  const limit = (name: keyof Limits, fallback: number, min = 1, max = Number.MAX_SAFE_INTEGER): number =>
    requireInteger(`limits.${name}`, given[name], { min, max, fallback });
  const ttl = (name: keyof Limits, fallback: number, min: number): number =>
    limit(name, fallback, min, maxTtlMs);
  const bytes = (name: keyof Limits, fallback: number): number =>
    limit(name, fallback, defaults.minMessageBytes);
  const { minRegistrationTtlMs, minMessageTtlMs } = defaults;
  return {
    maxRegistrations: limit("maxRegistrations", defaults.maxRegistrations),
    maxCids: limit("maxCids", defaults.maxCids),
    maxRegistrationsPerSubject: limit("maxRegistrationsPerSubject", defaults.maxRegistrationsPerSubject),
    maxCidsPerSubject: limit("maxCidsPerSubject", defaults.maxCidsPerSubject),
    maxCidsPerRegistration: limit("maxCidsPerRegistration", defaults.maxCidsPerRegistration, 1, maxNum),
    bytesPerSecond: limit("bytesPerSecond", defaults.bytesPerSecond),
    registrationTtlMs: ttl("registrationTtlMs", defaults.registrationTtlMs, minRegistrationTtlMs),
    maxRegistrationTtlMs: ttl("maxRegistrationTtlMs", defaults.maxRegistrationTtlMs, minRegistrationTtlMs),
    messageTtlMs: ttl("messageTtlMs", defaults.messageTtlMs, minMessageTtlMs),
    maxMessageTtlMs: ttl("maxMessageTtlMs", defaults.maxMessageTtlMs, minMessageTtlMs),
    maxMessages: limit("maxMessages", defaults.maxMessages),
    maxMessageBytes: bytes("maxMessageBytes", defaults.maxMessageBytes),
    maxMessageBytesPerRecipient: bytes("maxMessageBytesPerRecipient", defaults.maxMessageBytesPerRecipient),
    maxMessageBytesPerSender: bytes("maxMessageBytesPerSender", defaults.maxMessageBytesPerSender),
    maxMessagesPerRecipient: limit("maxMessagesPerRecipient", defaults.maxMessagesPerRecipient),
    maxMessagesPerSender: limit("maxMessagesPerSender", defaults.maxMessagesPerSender),
    maxWaiters: limit("maxWaiters", defaults.maxWaiters),
    maxWaitersPerSubject: limit("maxWaitersPerSubject", defaults.maxWaitersPerSubject),
    requestsPerMinute: limit("requestsPerMinute", defaults.requestsPerMinute),
  };
}

/** Limits of one subject that count what it holds or asks for. */
const sharedLimitNames = [
  "maxRegistrationsPerSubject",
  "maxCidsPerSubject",
  "maxMessagesPerSender",
  "maxMessageBytesPerSender",
  "maxWaitersPerSubject",
  "requestsPerMinute",
] as const;

/** The limits where nobody has a token and an address takes a subject's place: several peers may be behind one NAT. */
export function addressLimits(limits: Limits): Limits {
  const scaled = sharedLimitNames.map((name) => [name, limits[name] * defaults.subjectsPerAddress]);
  return { ...limits, ...Object.fromEntries(scaled) };
}

/**
 * Requests that may come at once where `applied` are the limits of a subject or of an address: a subject's of a minute, and from
 * an address at least one of each that it counts as.
 */
export function requestsAtOnce(limits: Limits, applied: Limits): number {
  const ofOne = Math.max(limits.requestsPerMinute, defaults.subjectsPerAddress);
  return Math.min(applied.requestsPerMinute, ofOne);
}

/** Longest life that makes a valid date, in ms: some hundred years. */
const maxTtlMs = 2 ** 42;
