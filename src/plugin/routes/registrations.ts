import * as defaults from "../../defaults/index.ts";
import { QuicpipeError } from "../../errors.ts";
import { paths, type RegisterListResponse, scopes } from "../../protocol.ts";
import { json, noContent, readJson } from "../http/exchange.ts";
import * as operations from "./operations.ts";
import { openRegistration, registerResponse, registrationView, requireSpec } from "./registering.ts";
import type { ApiRequest, DescribedRoute, TracedRequest } from "./route.ts";
import { traced } from "./router.ts";

const scope = scopes.register;

/** Routes of registrations. The path of the POST is the former path of all of them. */
export const registrationRoutes: readonly DescribedRoute[] = [
  {
    method: "POST",
    path: paths.register,
    scope,
    operation: operations.register,
    handle: traced("quicpipe.register", register),
  },
  {
    method: "GET",
    path: paths.registrations,
    formerPath: paths.register,
    scope,
    operation: operations.listRegistrations,
    handle: list,
  },
  {
    method: "DELETE",
    path: `${paths.registrations}/{id}`,
    scope,
    orScope: scopes.admin,
    operation: operations.endRegistration,
    handle: end,
  },
  {
    method: "DELETE",
    path: `${paths.register}/{id}`,
    scope,
    operation: operations.endOwnRegistration,
    handle: endOwn,
  },
];

async function register(request: TracedRequest): Promise<Response> {
  const spec = requireSpec(await readJson(request.event.req, defaults.maxSmallBodyBytes), request);
  return json(registerResponse(openRegistration(spec, request, 1), request));
}

function list(request: ApiRequest): Response {
  const { identity, service } = request;
  const registrations = service.registry
    .list(identity.account)
    .filter(({ subject }) => subject === identity.subject)
    .map((registration) => registrationView(registration, request));
  return json({ registrations } satisfies RegisterListResponse);
}

/**
 * Ends one of the caller's registrations; for an administrator, any subject's. Its packets are dropped from then on.
 *
 * @throws ERR_QUICPIPE_REGISTRATION_NOT_FOUND
 */
export function end(request: ApiRequest): Response {
  const { identity, service, param } = request;
  const isOthers = service.registry.get(param("id"), identity.subject) === undefined;
  return isOthers && identity.scopes.has(scopes.admin) ? revoke(request) : endOwn(request);
}

function endOwn({ identity, service, param }: ApiRequest): Response {
  if (service.registry.end(param("id"), identity.subject)) return noContent();
  throw notFound("you hold no such registration, or its time is over");
}

/** Ends any subject's registration, and logs the administrator's name. */
function revoke({ identity, service, param }: ApiRequest): Response {
  const id = param("id");
  if (!service.registry.revoke(id)) throw notFound("there is no such registration, or its time is over");
  service.log.write("info", "revoked", "an administrator ended a registration", { id, by: identity.subject });
  return noContent();
}

function notFound(why: string): QuicpipeError {
  return new QuicpipeError("ERR_QUICPIPE_REGISTRATION_NOT_FOUND", why);
}
