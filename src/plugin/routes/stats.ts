import { QuicpipeError } from "../../errors.ts";
import { paths, scopes } from "../../protocol.ts";
import { eventStream, eventStreamResponse } from "../http/event-stream.ts";
import type { Identity } from "../auth/identity.ts";
import { json, noContent } from "../http/exchange.ts";
import type { ApiRequest, Route } from "./route.ts";
import type { Service } from "../service.ts";
import { relayStats } from "../stats/stats.ts";
import { searchPage } from "../stats/page.ts";
import { requireStatsQuery } from "../stats/query.ts";

/** The routes for administrators. */
export const statsRoutes: readonly Route[] = [
  { method: "GET", path: paths.stats, scope: scopes.admin, handle: answerStats },
  { method: "GET", path: paths.events, scope: scopes.admin, handle: answerEvents },
  { method: "DELETE", path: `${paths.registrations}/{id}`, scope: scopes.admin, handle: answerRevocation },
];

/**
 * Answers with the totals, and with the registrations that the query requests.
 *
 * @throws ERR_QUICPIPE_QUERY_INVALID
 */
export async function answerStats({ event, service }: ApiRequest): Promise<Response> {
  const query = requireStatsQuery(event.url.searchParams);
  if (query.limit === 0) return json(relayStats(service));
  service.rates.ask();
  const page = await searchPage(service, query);
  return json({ ...relayStats(service), page });
}

/**
 * Answers with the totals and rates once per second, as server-sent events.
 *
 * @throws ERR_QUICPIPE_WAITER_QUOTA
 */
export function answerEvents({ event, identity, service }: ApiRequest): Response {
  const { waiters, statsEvents } = service;
  const wait = { waiters, identity, signal: event.req.signal };
  return eventStreamResponse(eventStream(statsEvents, wait, service.now()));
}

/**
 * Ends any subject's registration. Its packets are dropped from then on.
 *
 * @throws ERR_QUICPIPE_REGISTRATION_NOT_FOUND
 */
export function answerRevocation({ identity, service, param }: ApiRequest): Response {
  const id = param("id");
  if (revoke(id, identity, service)) return noContent();
  throw new QuicpipeError(
    "ERR_QUICPIPE_REGISTRATION_NOT_FOUND",
    "there is no such registration, or its time is over",
  );
}

/** Ends any subject's registration for an administrator, and logs the administrator's name. Reports whether it did. */
export function revoke(id: string, { subject }: Identity, { registry, log }: Service): boolean {
  const isRevoked = registry.revoke(id);
  if (isRevoked) log.write("info", "revoked", "an administrator ended a registration", { id, by: subject });
  return isRevoked;
}
