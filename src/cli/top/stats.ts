import { QuicpipeError } from "../../errors.ts";
import type { PagedRelayStats } from "../../plugin/stats/index.ts";
import type { RegistrationStats } from "../../protocol.ts";

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

function optional(check: Check): Check {
  return (value) => value === undefined || check(value);
}

const registration = object({
  subject: text,
  address: nullOr(text),
  path: text,
  bytesFrom: number,
  bytesTo: number,
  rate: nullOr(counts),
  // Older relays do not count it.
  quietMs: optional(nullOr(number)),
  dropped: counts,
  expiresAt: text,
});

/** The figures that are shown. Others do not matter. */
const figures = object({
  backend: text,
  backendReason: text,
  address: object({ stunPort: optional(number) }),
  registrations: number,
  cids: number,
  waiters: number,
  unclaimed: number,
  overflowed: number,
  mailbox: object({ queued: number }),
  dropped: counts,
  stun: counts,
  // Older relays have none.
  stunPort: optional(nullOr(counts)),
  refused: counts,
  gateway: object({ packetsIn: number, packetsOut: number, clients: number }),
  path: object({
    kernel: object({ packets: number, bytes: number }),
    user: object({ packets: number, bytes: number }),
  }),
  xdp: object({ state: text, reason: text, interfaces: list(object({ name: text, state: text })) }),
  page: object({ registrations: list(registration) }),
});

/** Deepest nesting of an answer; that of this version is 5. */
const maxDepth = 16;

/** Reports whether a value has at most so many levels, so that functions may call themselves for each. */
function isShallow(value: unknown, levels: number): boolean {
  return (
    !isObject(value) || (levels > 0 && Object.values(value).every((each) => isShallow(each, levels - 1)))
  );
}

/**
 * Returns a relay's answer if it has all figures that are shown, with no more registrations than were asked for. What an older
 * relay does not count is `null`.
 *
 * @throws ERR_QUICPIPE_RELAY_REFUSED if one is missing or of another type, or if it is nested too deeply.
 */
export function requireStats(answer: object, maxRegistrations: number): PagedRelayStats {
  if (isShallow(answer, maxDepth) && figures(answer)) {
    const { page, stunPort = null, ...totals } = answer as PagedRelayStats;
    const registrations = page.registrations.slice(0, maxRegistrations).map(withQuiet);
    return { ...totals, stunPort, page: { ...page, registrations } };
  }
  throw new QuicpipeError(
    "ERR_QUICPIPE_RELAY_REFUSED",
    "the relay's answer has other figures than this version shows: is a quicpipe relay there, and of which version?",
  );
}

function withQuiet({ quietMs = null, ...others }: RegistrationStats): RegistrationStats {
  return { ...others, quietMs };
}
