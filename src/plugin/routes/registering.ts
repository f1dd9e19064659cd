import * as defaults from "../../defaults/index.ts";
import { isJsonObject } from "../../option-checks.ts";
import { type RegisterResponse, scopes } from "../../protocol.ts";
import type { Registration, RegistrationSpec } from "../../registry/index.ts";
import { timestamp } from "../../steady-clock.ts";
import { formatAddress, isLoopbackHost } from "../../wire/address.ts";
import { type Identity, requireScope } from "../auth/identity.ts";
import { requireInstance, requireKey, requireNum, requireTtl } from "../http/request-fields.ts";
import type { Service } from "../service.ts";
import type { ApiRequest, TracedRequest } from "./route.ts";
import { chargeRequests } from "./router.ts";

/**
 * Does `work` with the registration that the member `register` of a body asks for, or without one if there is no such member.
 * All or nothing: a refused registration leaves the work undone, and work that fails ends a new registration. One whose key was
 * registered before stays as this request has refreshed it, for its connection may be in use.
 *
 * @returns the result, with the registration if there is one.
 * @throws ERR_QUICPIPE_SCOPE_MISSING without `relay:register`; errors of {@link requireSpec}, {@link openRegistration} and `work`
 */
export async function registeringWith<Result>(
  request: TracedRequest,
  register: unknown,
  work: (registration: Registration | undefined) => Promise<Result>,
): Promise<Result | (Result & { readonly registration: RegisterResponse })> {
  if (register === undefined) return await work(undefined);
  requireScope(request.identity, scopes.register);
  const spec = requireSpec(isJsonObject(register) ? register : {}, request);
  const { registry } = request.service;
  const isRefresh = registry.ofKey(spec.key) !== undefined;
  const made = openRegistration(spec, request, 0);
  const registration = registerResponse(made, request);
  try {
    return { ...(await work(made)), registration };
  } catch (error) {
    if (!isRefresh) registry.end(made.id);
    throw error;
  }
}

/** Reads the members of a `RegisterRequest`. @throws ERR_QUICPIPE_KEY_INVALID, ERR_QUICPIPE_NUM_INVALID, ERR_QUICPIPE_TTL_INVALID, ERR_QUICPIPE_BODY_INVALID */
export function requireSpec(
  body: Readonly<Record<string, unknown>>,
  { identity, proof, service }: ApiRequest,
): RegistrationSpec {
  const { limits } = service.settings;
  return {
    subject: identity.subject,
    account: identity.account,
    quota: identity.quota,
    ratedBy: identity.limited ? "subject" : "address",
    key: requireKey(body["key"]),
    num: requireNum(body["num"], limits.maxCidsPerRegistration),
    ttlMs: requireTtl(body["ttlMs"], {
      minMs: defaults.minRegistrationTtlMs,
      maxMs: limits.maxRegistrationTtlMs,
      defaultMs: limits.registrationTtlMs,
    }),
    proof,
    instance: requireInstance(body["instance"]),
  };
}

/**
 * Registers, or refreshes what is registered, and counts that as requests by the connection IDs to derive.
 *
 * @param counted how many of these requests the router has counted.
 * @throws ERR_QUICPIPE_RATE_LIMITED, ERR_QUICPIPE_INVITATION_USED and every code of `Registry.register`
 */
export function openRegistration(
  spec: RegistrationSpec,
  { identity, service, trace }: TracedRequest,
  counted: 0 | 1,
): Registration {
  const requests = Math.ceil(spec.num / defaults.cidsPerRequest) - counted;
  if (requests > 0) chargeRequests(identity, service, requests);
  admitGuest(spec, identity, service);
  return trace.opening(() => service.registry.register(spec));
}

/** Lets the holder of an invitation have no more registrations than that allows. */
function admitGuest({ key }: RegistrationSpec, { invitation, subject }: Identity, service: Service): void {
  const { registry, invitations } = service;
  if (invitation === undefined || registry.ofKey(key)?.subject === subject) return;
  invitations.held(invitation).admitRegistration((id) => registry.end(id));
}

/** Returns what a peer needs to know of its registration, with the secret. */
export function registerResponse(registration: Registration, request: ApiRequest): RegisterResponse {
  // It is live, as it was registered in this turn.
  const secret = request.service.registry.secretOf(registration.id)!;
  const { stunPort } = request.service;
  return {
    ...registrationView(registration, request),
    ...boundAddress(request),
    ...(stunPort && { stunPort: stunPort.number }),
    secret,
  };
}

/** Returns what a list of registrations shows of one. */
export function registrationView(
  { id, address, num, expiresAtMs, ttlMs }: Registration,
  request: ApiRequest,
): Omit<RegisterResponse, "secret" | "bound" | "stunPort"> {
  return {
    id,
    address: address && formatAddress(address),
    relay: relayAddress(request),
    num,
    expiresAt: timestamp(expiresAtMs),
    ttlMs,
  };
}

/** Returns the bound address, for a peer on this machine. The public one may lead through a NAT, by another port. */
function boundAddress({ event, service }: ApiRequest): Pick<RegisterResponse, "bound"> {
  return isLoopbackHost(event.url.hostname) ? { bound: formatAddress(service.forwarder.address()) } : {};
}

/** Returns the `host:port` of the UDP socket for a peer that has asked for this URL. */
export function relayAddress({ event, service }: ApiRequest): string {
  const { port } = service.forwarder.address();
  // A URL already has brackets around an IPv6 literal.
  return service.settings.publicAddress ?? `${event.url.hostname}:${port}`;
}
