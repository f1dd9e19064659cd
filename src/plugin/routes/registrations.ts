import * as defaults from "../../defaults/index.ts";
import { QuicpipeError } from "../../errors.ts";
import { paths, type RegisterListResponse, type RegisterResponse, scopes } from "../../protocol.ts";
import type { Registration, RegistrationSpec } from "../../registry/index.ts";
import { formatAddress, isLoopbackHost } from "../../wire/address.ts";
import { timestamp } from "../../steady-clock.ts";
import { requireKey, requireNum, requireTtl } from "../http/request-fields.ts";
import { json, noContent, readJson } from "../http/exchange.ts";
import * as operations from "./operations.ts";
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
  const { event, identity, proof, service, trace } = request;
  const { registry, settings } = service;
  const body = await readJson(event.req, defaults.maxSmallBodyBytes);
  const wanted: RegistrationSpec = {
    subject: identity.subject,
    account: identity.account,
    quota: identity.quota,
    ratedBy: identity.limited ? "subject" : "address",
    key: requireKey(body["key"]),
    num: requireNum(body["num"], settings.limits.maxCidsPerRegistration),
    ttlMs: requireTtl(body["ttlMs"], {
      minMs: defaults.minRegistrationTtlMs,
      maxMs: settings.limits.maxRegistrationTtlMs,
      defaultMs: settings.limits.registrationTtlMs,
    }),
    proof,
  };
  service.rateLimiter.take(identity.account, requestsFor(wanted.num) - 1);
  const registration = trace.opening(() => registry.register(wanted));
  const secret = registry.secretOf(registration.id);
  return json({ ...registrationView(registration, request), ...boundAddress(request), secret });
}

/** Returns the number of requests that a registration counts as, by the connection IDs to derive. The router has already counted one. */
function requestsFor(num: number): number {
  return Math.ceil(num / defaults.cidsPerRequest);
}

function list(request: ApiRequest): Response {
  const { identity, service } = request;
  const registrations = service.registry
    .list(identity.account)
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

function registrationView(
  { id, address, num, expiresAtMs }: Registration,
  request: ApiRequest,
): Omit<RegisterResponse, "secret" | "bound"> {
  return {
    id,
    address: address && formatAddress(address),
    relay: relayAddress(request),
    num,
    expiresAt: timestamp(expiresAtMs),
  };
}

/** Returns the bound address, for a peer on this machine. The public one may lead through a NAT, by another port. */
function boundAddress({ event, service }: ApiRequest): Pick<RegisterResponse, "bound"> {
  return isLoopbackHost(event.url.hostname) ? { bound: formatAddress(service.forwarder.address()) } : {};
}

function relayAddress({ event, service }: ApiRequest): string {
  const { port } = service.forwarder.address();
  // A URL already has brackets around an IPv6 literal.
  return service.settings.publicAddress ?? `${event.url.hostname}:${port}`;
}
