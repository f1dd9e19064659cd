import * as defaults from "../../defaults/index.ts";
import { QuicpipeError } from "../../errors.ts";
import { type RegisterListResponse, type RegisterResponse, paths, scopes } from "../../protocol.ts";
import type { RegisterRequest, Registration } from "../../registry/index.ts";
import { formatAddress } from "../../wire/address.ts";
import { readJson } from "../http/body.ts";
import { timestamp } from "../../steady-clock.ts";
import { requireKey, requireNum, requireTtl } from "../http/request-fields.ts";
import { json, noContent } from "../http/exchange.ts";
import type { ApiRequest, Route } from "./route.ts";
import { revoke } from "./stats.ts";
import { traced, type TracedRequest } from "./traced.ts";

/** The routes under `/v1/register`. */
export const registerRoutes: readonly Route[] = [
  {
    method: "POST",
    path: paths.register,
    scope: scopes.register,
    handle: traced("quicpipe.register", register),
  },
  { method: "GET", path: paths.register, scope: scopes.register, handle: list },
  {
    method: "DELETE",
    path: `${paths.register}/{id}`,
    scope: scopes.register,
    orScope: scopes.admin,
    handle: end,
  },
];

async function register(request: TracedRequest): Promise<Response> {
  const { event, identity, proof, service, trace } = request;
  const { registry, settings } = service;
  const body = await readJson(event.req, defaults.maxSmallBodyBytes);
  const wanted: RegisterRequest = {
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
    address: proof?.address ?? null,
    provenAtMs: proof?.atMs,
  };
  service.rateLimiter.take(identity.account, requestsFor(wanted.num) - 1);
  const registration = trace.opening(() => registry.register(wanted));
  const secret = registry.secretOf(registration.id);
  return json({ ...registrationView(registration, request), secret });
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

function end({ identity, service, param }: ApiRequest): Response {
  const id = param("id");
  if (service.registry.end(id, identity.subject)) return noContent();
  if (identity.scopes.has(scopes.admin) && revoke(id, identity, service)) return noContent();
  const whose = identity.scopes.has(scopes.admin) ? "there is" : "you hold";
  throw new QuicpipeError(
    "ERR_QUICPIPE_REGISTRATION_NOT_FOUND",
    `${whose} no such registration, or its time is over`,
  );
}

function registrationView(
  { id, address, num, expiresAtMs }: Registration,
  request: ApiRequest,
): Omit<RegisterResponse, "secret"> {
  return {
    id,
    address: address && formatAddress(address),
    relay: relayAddress(request),
    num,
    expiresAt: timestamp(expiresAtMs),
  };
}

function relayAddress({ event, service }: ApiRequest): string {
  const { port } = service.forwarder.address();
  // A URL already has brackets around an IPv6 literal.
  return service.settings.publicAddress ?? `${event.url.hostname}:${port}`;
}
