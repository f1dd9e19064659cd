import * as defaults from "../../defaults/index.ts";
import { QuicpipeError } from "../../errors.ts";
import {
  type MailboxTakeResponse,
  maxWaitSeconds,
  paths,
  refusalReasons,
  type RefusalReason,
  scopes,
} from "../../protocol.ts";
import { eventStreamResponse } from "../http/event-stream.ts";
import { json, jsonText, noContent, readJson } from "../http/exchange.ts";
import { messageStream, type MessageWait, waitForMessage } from "../mailbox/message-wait.ts";
import * as operations from "./operations.ts";
import { registeringWith } from "./registering.ts";
import type { ApiRequest, DescribedRoute, TracedRequest } from "./route.ts";
import { traced } from "./router.ts";
import { send, sentMessage } from "./sending.ts";

/** Routes of messages. */
export const mailboxRoutes: readonly DescribedRoute[] = [
  {
    method: "POST",
    path: `${paths.mailbox}/{recipient}`,
    scope: scopes.send,
    operation: operations.send,
    handle: traced("quicpipe.mailbox.send", send),
  },
  {
    method: "GET",
    path: paths.messages,
    formerPath: paths.mailbox,
    scope: scopes.receive,
    operation: operations.receive,
    handle: receive,
  },
  {
    method: "POST",
    path: `${paths.messages}/{id}/take`,
    formerPath: `${paths.mailbox}/{id}/take`,
    scope: scopes.receive,
    operation: operations.take,
    handle: traced("quicpipe.mailbox.take", take),
  },
  {
    method: "POST",
    path: `${paths.messages}/{id}/refuse`,
    scope: scopes.receive,
    operation: operations.refuse,
    handle: refuse,
  },
  {
    method: "GET",
    path: `${paths.messages}/{id}`,
    formerPath: `${paths.mailbox}/{recipient}/{id}`,
    scope: scopes.send,
    operation: operations.messageStatus,
    handle: status,
  },
  {
    method: "DELETE",
    path: `${paths.messages}/{id}`,
    formerPath: `${paths.mailbox}/{recipient}/{id}`,
    scope: scopes.send,
    operation: operations.recall,
    handle: recall,
  },
];

async function receive({ event, identity, service }: ApiRequest): Promise<Response> {
  const { feed, waiters } = service;
  const { headers, signal } = event.req;
  const wait: MessageWait = { feed, waiters, identity, signal };
  if (accepts(headers, "text/event-stream")) return eventStreamResponse(messageStream(wait, service.now()));
  const waitSeconds = preferredWait(headers);
  const view = await feed.read(identity);
  if (waitSeconds === undefined) return jsonText(view.json);
  if (view.isEmpty) await waitForMessage(wait, waitSeconds * 1000);
  const { json: text } = view.isEmpty ? await feed.read(identity) : view;
  return jsonText(text, 200, { "preference-applied": `wait=${waitSeconds}` });
}

/** Reports whether `Accept` names a media type. A wildcard does not request a stream. */
function accepts(headers: Headers, mediaType: string): boolean {
  const ranges = headers.get("accept")?.split(",") ?? [];
  return ranges.some((range) => range.split(";", 1)[0]!.trim().toLowerCase() === mediaType);
}

/** Parses `Prefer: wait=25` (RFC 7240 §4.3), cut to the relay's maximum; `undefined` if there is none. */
function preferredWait(headers: Headers): number | undefined {
  const seconds = /(?:^|[,;])\s*wait\s*=\s*"?(\d{1,9})"?\s*(?:[,;]|$)/i.exec(
    headers.get("prefer") ?? "",
  )?.[1];
  return seconds === undefined ? undefined : Math.min(Number(seconds), maxWaitSeconds);
}

async function take(request: TracedRequest): Promise<Response> {
  const { registration: own, register } = await readJson(request.event.req, defaults.maxSmallBodyBytes);
  if (own !== undefined && register !== undefined)
    throw new QuicpipeError("ERR_QUICPIPE_BODY_INVALID", 'send "registration" or "register", not both');
  const taken: MailboxTakeResponse = await registeringWith(request, register, (registration) =>
    takeTo(registration?.id ?? requireOwn(own, request), request),
  );
  return json(taken);
}

/** Requires the ID of a live registration of the caller's. @throws ERR_QUICPIPE_REGISTRATION_NOT_FOUND */
function requireOwn(id: unknown, { identity, service }: ApiRequest): string {
  if (typeof id === "string" && service.registry.get(id, identity.subject)) return id;
  throw new QuicpipeError(
    "ERR_QUICPIPE_REGISTRATION_NOT_FOUND",
    '"registration" must be the id of a live registration of yours: register first, or with "register"',
  );
}

/** Hands a message out, and leads its initial DCID to a registration of the caller's. */
async function takeTo(
  to: string,
  { identity, service, param, trace }: TracedRequest,
): Promise<MailboxTakeResponse> {
  const taken = await service.mailbox.take(identity.subject, param("id"));
  const { sender, note, packets, destinationId, from } = taken;
  service.invitations.use(sender, from);
  const dialer = service.registry.routeInitial({
    destinationId,
    to,
    dialer: identity.limited ? sender : undefined,
    from,
  });
  trace.linkTo(taken.trace.sent);
  if (dialer) service.telemetry.pair(dialer.id, to);
  const { traceparent } = taken.trace;
  return {
    id: param("id"),
    sender,
    note,
    packets: packets.map((packet) => Buffer.from(packet).toString("base64")),
    ...(traceparent && { traceparent }),
  };
}

async function refuse({ event, identity, service, param }: ApiRequest): Promise<Response> {
  const { reason } = await readJson(event.req, defaults.maxSmallBodyBytes);
  await service.mailbox.refuse(identity.subject, param("id"), requireReason(reason));
  return noContent();
}

/** Requires one of the {@link refusalReasons}. @throws ERR_QUICPIPE_BODY_INVALID */
function requireReason(value: unknown): RefusalReason {
  const reason = refusalReasons.find((each) => each === value);
  if (reason) return reason;
  throw new QuicpipeError(
    "ERR_QUICPIPE_BODY_INVALID",
    `"reason" must be one of ${refusalReasons.join(", ")}`,
  );
}

async function status({ identity, service, param, optionalParam }: ApiRequest): Promise<Response> {
  const { subject } = identity;
  return json(sentMessage(await service.mailbox.status(subject, param("id"), optionalParam("recipient"))));
}

async function recall({ identity, service, param, optionalParam }: ApiRequest): Promise<Response> {
  await service.mailbox.recall(identity.subject, param("id"), optionalParam("recipient"));
  return noContent();
}
