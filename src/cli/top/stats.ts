import { QuicpipeError } from "../../errors.ts";
import type { PagedRelayStats } from "../../plugin/stats/index.ts";

type Check = (value: unknown) => boolean;

const number: Check = (value) => typeof value === "number" && Number.isFinite(value);
const text: Check = (value) => typeof value === "string";
const counts: Check = (value) => isObject(value) && Object.values(value).every(number);

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function object(members: Readonly<Record<string, Check>>): Check {
  return (value) => isObject(value) && Object.entries(members).every(([name, check]) => check(value[name]));
}

function list(element: Check): Check {
  return (value) => Array.isArray(value) && value.every(element);
}

function nullOr(check: Check): Check {
  return (value) => value === null || check(value);
}

const registration = object({
  subject: text,
  address: nullOr(text),
  path: text,
  bytesFrom: number,
  bytesTo: number,
  rate: nullOr(counts),
  dropped: counts,
  expiresAt: text,
});

/** The figures that are shown. Others do not matter. */
const figures = object({
  backend: text,
  backendReason: text,
  registrations: number,
  cids: number,
  waiters: number,
  unclaimed: number,
  overflowed: number,
  mailbox: object({ queued: number }),
  dropped: counts,
  stun: counts,
  refused: counts,
  gateway: object({ packetsIn: number, packetsOut: number, clients: number }),
  path: object({
    kernel: object({ packets: number, bytes: number }),
    user: object({ packets: number, bytes: number }),
  }),
  xdp: object({ state: text, reason: text, interfaces: list(object({ name: text, state: text })) }),
  page: object({ registrations: list(registration) }),
});

/**
 * Returns a relay's answer if it has all figures that are shown.
 *
 * @throws ERR_QUICPIPE_RELAY_REFUSED if one is missing or of another type.
 */
export function requireStats(answer: object): PagedRelayStats {
  if (figures(answer)) return answer as PagedRelayStats;
  throw new QuicpipeError(
    "ERR_QUICPIPE_RELAY_REFUSED",
    "the relay's answer has other figures than this version shows: is a quicpipe relay there, and of which version?",
  );
}
