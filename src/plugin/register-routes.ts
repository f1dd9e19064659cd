import * as defaults from "../defaults.ts";
import { QuicpipeError } from "../errors.ts";
import { type RegisterListResponse, type RegisterResponse, paths, scopes } from "../protocol.ts";
import type { Registration } from "../registry/index.ts";
import { formatAddress } from "../wire/address.ts";
import { readJson } from "./body.ts";
import { clientAddressOf } from "./client-address.ts";
import type { Identity } from "./identity.ts";
import { timestamp } from "./message.ts";
import { requireKey, requireNum, requireTtl } from "./request-fields.ts";
import { type ApiRequest, type Route, json, noContent } from "./route.ts";

/** The routes under `/v1/register` (design section 5). */
export const registerRoutes: readonly Route[] = [
  { method: "POST", path: paths.register, scope: scopes.register, handle: register },
  { method: "GET", path: paths.register, scope: scopes.register, handle: list },
  { method: "DELETE", path: `${paths.register}/{id}`, scope: scopes.register, handle: end },
];

async function register(request: ApiRequest): Promise<Response> {
  const { event, identity, service } = request;
  const { forwarder, registry, settings } = service;
  const body = await readJson(event.req, defaults.maxSmallBodyBytes);
  const registration = registry.register({
    subject: identity.subject,
    quota: identity.quota,
    key: requireKey(body["key"]),
    num: requireNum(body["num"], settings.limits.maxCidsPerRegistration),
    ttlMs: requireTtl(body["ttlMs"], {
      minMs: defaults.minRegistrationTtlMs,
      maxMs: settings.limits.maxRegistrationTtlMs,
      defaultMs: settings.limits.registrationTtlMs,
    }),
    address: clientAddressOf(event, forwarder),
  });
  const secret = registry.secretOf(registration.id);
  return json({ ...registrationView(registration, request), secret });
}

function list(request: ApiRequest): Response {
  const { identity, service } = request;
  const registrations = service.registry
    .list(identity.subject)
    .map((registration) => registrationView(registration, request));
  return json({ registrations } satisfies RegisterListResponse);
}

function end({ identity, service, param }: ApiRequest): Response {
  if (service.registry.end(param("id"), ownerOf(identity))) return noContent();
  throw new QuicpipeError(
    "ERR_QUICPIPE_REGISTRATION_NOT_FOUND",
    "you hold no such registration, or its time is over",
  );
}

/** Whose registrations the caller may end: its own, or with `relay:admin` anybody's. */
function ownerOf({ subject, scopes: held }: Identity): string | undefined {
  return held.has(scopes.admin) ? undefined : subject;
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
  // A URL writes an IPv6 literal in brackets already.
  return service.settings.publicAddress ?? `${event.url.hostname}:${port}`;
}
