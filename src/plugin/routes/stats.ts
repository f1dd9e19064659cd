import { paths, scopes } from "../../protocol.ts";
import { eventStream, eventStreamResponse } from "../http/event-stream.ts";
import { json } from "../http/exchange.ts";
import * as operations from "./operations.ts";
import type { ApiRequest, DescribedRoute } from "./route.ts";
import { relayStats } from "../stats/stats.ts";
import { searchPage } from "../stats/page.ts";
import { statsQuery } from "../stats/query.ts";

const scope = scopes.admin;

/** The routes for administrators. */
export const statsRoutes: readonly DescribedRoute[] = [
  { method: "GET", path: paths.stats, scope, operation: operations.stats, handle: answerStats },
  { method: "GET", path: paths.events, scope, operation: operations.events, handle: answerEvents },
];

/**
 * Answers with the totals, and with the registrations that the query requests.
 *
 * @throws ERR_QUICPIPE_QUERY_INVALID
 */
export async function answerStats({ event, service }: ApiRequest): Promise<Response> {
  const query = statsQuery(Object.fromEntries(event.url.searchParams));
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
