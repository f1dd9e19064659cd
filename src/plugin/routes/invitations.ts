import * as defaults from "../../defaults/index.ts";
import { QuicpipeError } from "../../errors.ts";
import {
  type InvitationListResponse,
  type InvitationResponse,
  maxInvitationConnections,
  paths,
  scopes,
} from "../../protocol.ts";
import type { Identity } from "../auth/identity.ts";
import { requireScope } from "../auth/identity.ts";
import { json, noContent, readJson } from "../http/exchange.ts";
import { requireRecipient, requireTtl } from "../http/request-fields.ts";
import type { Invitations } from "../invitations/invitations.ts";
import * as operations from "./operations.ts";
import { relayAddress } from "./registering.ts";
import type { ApiRequest, DescribedRoute } from "./route.ts";

const scope = scopes.invite;

/** Routes of invitations. */
export const invitationRoutes: readonly DescribedRoute[] = [
  { method: "POST", path: paths.invitations, scope, operation: operations.invite, handle: invite },
  { method: "GET", path: paths.invitations, scope, operation: operations.listInvitations, handle: list },
  {
    method: "DELETE",
    path: `${paths.invitations}/{id}`,
    scope,
    operation: operations.revokeInvitation,
    handle: revoke,
  },
];

async function invite(request: ApiRequest): Promise<Response> {
  const { event, identity, service } = request;
  const invitations = requireInvitations(request);
  const body = await readJson(event.req, defaults.maxSmallBodyBytes);
  const spec = {
    recipient: requireAllowedRecipient(body["recipient"], identity),
    connections: requireConnections(body["connections"]),
    ttlMs: requireTtl(body["ttlMs"], {
      minMs: defaults.minInvitationTtlMs,
      maxMs: defaults.maxInvitationTtlMs,
      defaultMs: defaults.invitationTtlMs,
    }),
  };
  if (service.registry.draining)
    throw new QuicpipeError(
      "ERR_QUICPIPE_DRAINING",
      "the relay is shutting down, and its invitations end with it",
    );
  const made = invitations.create(identity, spec);
  const token = await invitations.tokenOf(made);
  return json({ ...made.view(), token, relay: relayAddress(request) } satisfies InvitationResponse, 201);
}

function list(request: ApiRequest): Response {
  const invitations = requireInvitations(request)
    .list(request.identity.account)
    .map((invitation) => invitation.view());
  return json({ invitations } satisfies InvitationListResponse);
}

/** Revokes an invitation of the caller's, and ends its registrations and messages at once. */
async function revoke(request: ApiRequest): Promise<Response> {
  const { identity, service, param } = request;
  const invitation = requireInvitations(request).revoke(param("id"), identity.account);
  for (const id of invitation.registrations) service.registry.revoke(id);
  await invitation.recallAll(service.mailbox);
  return noContent();
}

function requireInvitations({ service }: ApiRequest): Invitations {
  if (service.settings.invitations) return service.invitations;
  throw new QuicpipeError("ERR_QUICPIPE_NOT_FOUND", "this relay makes no invitations");
}

/** Whom an inviter may name: itself, and those whom it may send messages to. */
function requireAllowedRecipient(value: unknown, identity: Identity): string {
  if (value === undefined || value === identity.subject) return identity.subject;
  const recipient = requireRecipient(typeof value === "string" ? value : "");
  requireScope(identity, scopes.send);
  if (!identity.peers || identity.peers.has(recipient)) return recipient;
  throw new QuicpipeError(
    "ERR_QUICPIPE_RECIPIENT_FORBIDDEN",
    "this recipient is not among those that you may send to",
  );
}

function requireConnections(value: unknown): number {
  const connections = value ?? 1;
  if (typeof connections === "number" && Number.isInteger(connections) && connections >= 1)
    if (connections <= maxInvitationConnections) return connections;
  throw new QuicpipeError(
    "ERR_QUICPIPE_CONNECTIONS_INVALID",
    `"connections" must be a whole number from 1 to ${maxInvitationConnections}`,
  );
}
