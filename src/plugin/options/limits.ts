import * as defaults from "../../defaults/index.ts";
import { maxNum } from "../../protocol.ts";
import { minInitialDatagramBytes } from "../../wire/quic-packet.ts";
import { checkOptions, type IntegerRange, optionError, range } from "../../option-checks.ts";

/**
 * Limits of a relay. A token's `quicpipe` claim narrows those of its subject and never widens them. With `auth: "none"` an
 * address (an IPv4 address, an IPv6 /64) takes a subject's place and counts as 16, but holds at most an eighth of all registrations and
 * connection IDs, unless one subject may hold more.
 */
export interface LimitOptions {
  /** Registrations in all, from 1. Default 100 000. */
  readonly maxRegistrations?: number;
  /** Connection IDs in all, from 1. Default 1 000 000. */
  readonly maxCids?: number;
  /** Registrations per subject, from 1. Default 1024. */
  readonly maxRegistrationsPerSubject?: number;
  /** Connection IDs per subject, from 1. Default 65 536. */
  readonly maxCidsPerSubject?: number;
  /** Connection IDs per registration, 1 to 65 536. Default 256. Each takes 6 µs to derive. */
  readonly maxCidsPerRegistration?: number;
  /** Send rate of all registrations of a subject together, in bytes per second, from 1. Default 125 000 000. */
  readonly bytesPerSecond?: number;
  /** Lifetime of a registration that requests none, in ms, from 10 000. Default one hour. */
  readonly registrationTtlMs?: number;
  /** Longest lifetime a registration may request, in ms, from 10 000. Default one day. */
  readonly maxRegistrationTtlMs?: number;
  /** Lifetime of a mailbox message that requests none, in ms, from 1000. Default one minute. */
  readonly messageTtlMs?: number;
  /** Longest lifetime a mailbox message may request, in ms, from 1000. Default 5 minutes. */
  readonly maxMessageTtlMs?: number;
  /** Mailbox messages in all, waiting or ended, from 1. Default 10 000. */
  readonly maxMessages?: number;
  /** Bytes of waiting messages, from 16 384. Default 32 MiB. */
  readonly maxMessageBytes?: number;
  /** Waiting messages per recipient, from 1. Default 32. One sender may use half; the last quarter is for senders with none there. */
  readonly maxMessagesPerRecipient?: number;
  /** Bytes of waiting messages per recipient, from 16 384. Default 128 KiB. */
  readonly maxMessageBytesPerRecipient?: number;
  /** Waiting messages per sender, from 1. Default 32. */
  readonly maxMessagesPerSender?: number;
  /** Bytes of waiting messages per sender, from 16 384. Default 128 KiB. */
  readonly maxMessageBytesPerSender?: number;
  /** Open long polls and event streams in all, from 1. Default 10 000. */
  readonly maxWaiters?: number;
  /** Open long polls and event streams per subject, from 1. Default 8. */
  readonly maxWaitersPerSubject?: number;
  /** Invitations in all, from 1: those that may be used, and those with registrations. Default 10 000. */
  readonly maxInvitations?: number;
  /** Invitations per subject, from 1. Default 64. */
  readonly maxInvitationsPerSubject?: number;
  /** State-changing requests per subject and minute, from 1. Default 600. */
  readonly requestsPerMinute?: number;
}

/** All limits, with defaults filled in. */
export type Limits = Required<LimitOptions>;

/** Longest lifetime that yields a valid date, in ms: over a hundred years. */
const maxTtlMs = 2 ** 42;

/** The range of each limit. */
const ranges: Readonly<Record<keyof Limits, IntegerRange>> = {
  maxRegistrations: range(1, defaults.maxRegistrations),
  maxCids: range(1, defaults.maxCids),
  maxRegistrationsPerSubject: range(1, defaults.maxRegistrationsPerSubject),
  maxCidsPerSubject: range(1, defaults.maxCidsPerSubject),
  maxCidsPerRegistration: range(1, defaults.maxCidsPerRegistration, maxNum),
  bytesPerSecond: range(1, defaults.bytesPerSecond),
  registrationTtlMs: range(defaults.minRegistrationTtlMs, defaults.registrationTtlMs, maxTtlMs),
  maxRegistrationTtlMs: range(defaults.minRegistrationTtlMs, defaults.maxRegistrationTtlMs, maxTtlMs),
  messageTtlMs: range(defaults.minMessageTtlMs, defaults.messageTtlMs, maxTtlMs),
  maxMessageTtlMs: range(defaults.minMessageTtlMs, defaults.maxMessageTtlMs, maxTtlMs),
  maxMessages: range(1, defaults.maxMessages),
  maxMessageBytes: range(defaults.minMessageBytes, defaults.maxMessageBytes),
  maxMessagesPerRecipient: range(1, defaults.maxMessagesPerRecipient),
  maxMessageBytesPerRecipient: range(defaults.minMessageBytes, defaults.maxMessageBytesPerRecipient),
  maxMessagesPerSender: range(1, defaults.maxMessagesPerSender),
  maxMessageBytesPerSender: range(defaults.minMessageBytes, defaults.maxMessageBytesPerSender),
  maxWaiters: range(1, defaults.maxWaiters),
  maxWaitersPerSubject: range(1, defaults.maxWaitersPerSubject),
  maxInvitations: range(1, defaults.maxInvitations),
  maxInvitationsPerSubject: range(1, defaults.maxInvitationsPerSubject),
  requestsPerMinute: range(1, defaults.requestsPerMinute),
};

/**
 * Validates the option `limits` and fills in the defaults.
 *
 * @throws ERR_QUICPIPE_OPTION_INVALID, naming the limit.
 */
export function resolveLimits(value: LimitOptions | undefined): Limits {
  const limits = checkOptions("limits", value, ranges);
  requireEffect(value ?? {}, limits);
  return limits;
}

/** Limits that have no effect above another one. */
const within: readonly (readonly [name: keyof Limits, bound: keyof Limits])[] = [
  ["maxRegistrationsPerSubject", "maxRegistrations"],
  ["maxCidsPerSubject", "maxCids"],
  ["maxCidsPerRegistration", "maxCidsPerSubject"],
  ["registrationTtlMs", "maxRegistrationTtlMs"],
  ["messageTtlMs", "maxMessageTtlMs"],
  ["maxMessagesPerRecipient", "maxMessages"],
  ["maxMessagesPerSender", "maxMessages"],
  ["maxMessageBytesPerRecipient", "maxMessageBytes"],
  ["maxMessageBytesPerSender", "maxMessageBytes"],
  ["maxWaitersPerSubject", "maxWaiters"],
];

/** Limits on messages, and on the bytes of the same messages. */
const weighed: readonly (readonly [name: keyof Limits, bytes: keyof Limits])[] = [
  ["maxMessagesPerRecipient", "maxMessageBytesPerRecipient"],
  ["maxMessagesPerSender", "maxMessageBytesPerSender"],
];

/** Refuses a limit that was given and is above one that bounds it. A default is cut in silence. */
function requireEffect(given: LimitOptions, limits: Limits): void {
  const heavy = weighed.find(
    ([name, bytes]) => given[name] !== undefined && limits[name] > limits[bytes] / minInitialDatagramBytes,
  );
  if (heavy !== undefined) {
    const [name, bytes] = heavy;
    const most = Math.floor(limits[bytes] / minInitialDatagramBytes);
    throw optionError(
      `limits.${name}`,
      `option limits.${name} is ${limits[name]}, but no more than ${most} can wait: a message has at least ${minInitialDatagramBytes} bytes, and limits.${bytes} is ${limits[bytes]}; raise that as well`,
    );
  }
  const wrong = within.find(([name, bound]) => given[name] !== undefined && limits[name] > limits[bound]);
  if (wrong === undefined) return;
  const [name, bound] = wrong;
  const state = given[bound] === undefined ? "by default" : "here";
  throw optionError(
    `limits.${name}`,
    `option limits.${name} is ${limits[name]}, but has no effect above limits.${bound}, which is ${limits[bound]} ${state}: lower the one or raise the other`,
  );
}

/** Limits per subject on what it holds or requests. */
const sharedLimitNames = [
  "maxRegistrationsPerSubject",
  "maxCidsPerSubject",
  "maxMessagesPerSender",
  "maxMessageBytesPerSender",
  "maxWaitersPerSubject",
  "maxInvitationsPerSubject",
  "requestsPerMinute",
] as const;

/** Returns the limits for addresses in place of subjects, where no client has a token. Several peers may share an address behind a NAT. */
export function addressLimits(limits: Limits): Limits {
  const scaled = sharedLimitNames.map((name) => [name, limits[name] * defaults.subjectsPerAddress]);
  const applied: Limits = { ...limits, ...Object.fromEntries(scaled) };
  const { maxRegistrationsPerSubject: registrations, maxCidsPerSubject: cids } = limits;
  return {
    ...applied,
    maxRegistrationsPerSubject: Math.min(
      applied.maxRegistrationsPerSubject,
      shareOf(registrations, limits.maxRegistrations),
    ),
    maxCidsPerSubject: Math.min(applied.maxCidsPerSubject, shareOf(cids, limits.maxCids)),
  };
}

/** Returns the most that an address may hold of a table: its share, or what one subject may have if that is more. */
function shareOf(one: number, all: number): number {
  return Math.max(one, Math.floor(all / defaults.addressShareDivisor));
}

/**
 * Returns the burst of requests under the `applied` limits, those of a subject or of an address: a subject's quota for a
 * minute. For an address it is at least one for each subject that it counts as.
 */
export function requestsAtOnce(limits: Limits, applied: Limits): number {
  const ofOne = Math.max(limits.requestsPerMinute, defaults.subjectsPerAddress);
  return Math.min(applied.requestsPerMinute, ofOne);
}
