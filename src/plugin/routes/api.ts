import { paths } from "../../protocol.ts";
import { clientSourceOf } from "../http/client-address.ts";
import { problemResponse } from "../http/problem.ts";
import { invitationRoutes } from "./invitations.ts";
import { mailboxRoutes } from "./mailbox.ts";
import { answerOpenApi } from "./openapi.ts";
import * as operations from "./operations.ts";
import { registrationRoutes } from "./registrations.ts";
import type { DescribedRoute, RouteFamily } from "./route.ts";
import { statsRoutes } from "./stats.ts";

const current: readonly DescribedRoute[] = [
  ...registrationRoutes,
  ...mailboxRoutes,
  ...invitationRoutes,
  ...statsRoutes,
  {
    method: "GET",
    path: paths.openapi,
    scope: null,
    operation: operations.openapi,
    handle: ({ event }) => answerOpenApi(event, routes),
  },
];

/** All routes of the HTTP interface. */
export const routes: readonly DescribedRoute[] = [...current, ...current.flatMap(formerRoute)];

/** Returns a route at its former path, if it has one. */
function formerRoute({ path, formerPath, operation, ...route }: DescribedRoute): DescribedRoute[] {
  if (formerPath === undefined) return [];
  const operationId = `${operation.operationId}Former`;
  const summary = `Deprecated: use \`${path}\`.`;
  return [
    { ...route, path: formerPath, operation: { ...operation, operationId, summary, deprecated: true } },
  ];
}

/** Authenticates a request by the token in `Authorization`, or as the app says. */
export const identifyByToken: RouteFamily["identify"] = (event, service) =>
  service.authenticate(event.req, () => clientSourceOf(event, service));

/** The HTTP interface: tokens in `Authorization`, refusals as problem details. */
export const api: RouteFamily = {
  root: "basePath",
  routes,
  headers: {},
  territory: [
    paths.openapi,
    paths.stats,
    paths.events,
    ...[paths.register, paths.registrations, paths.mailbox, paths.messages, paths.invitations].map(
      (root) => `${root}/**`,
    ),
  ],
  identify: identifyByToken,
  refuse: problemResponse,
};
