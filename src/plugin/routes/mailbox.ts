import * as defaults from "../../defaults/index.ts";
import { QuicpipeError } from "../../errors.ts";
import { type MailboxTakeResponse, maxWaitSeconds, paths, scopes, type SentMessage } from "../../protocol.ts";
import { encodeTraceparent, parseTraceparent } from "../../telemetry/index.ts";
import { timestamp } from "../../steady-clock.ts";
import type { Message } from "../mailbox/mailbox.ts";
import { eventStreamResponse } from "../http/event-stream.ts";
import { messageStream, type MessageWait, waitForMessage } from "../mailbox/message-wait.ts";
import {
  type InitialFlight,
  requireFlight,
  requireNote,
  requirePackets,
  requireRecipient,
  requireTtl,
} from "../http/request-fields.ts";
import type { Limits } from "../options/limits.ts";
import {
  json,
  jsonText,
  mediaTypeOf,
  noContent,
  readBytes,
  readJson,
  requestPathOf,
  unsupported,
} from "../http/exchange.ts";
import * as operations from "./operations.ts";
import type { ApiRequest, DescribedRoute, TracedRequest } from "./route.ts";
import { traced } from "./router.ts";

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

async function send({ event, identity, service, proof, param, trace }: TracedRequest): Promise<Response> {
  const recipient = requireRecipient(param("recipient"));
  if (identity.peers && !identity.peers.has(recipient))
    throw new QuicpipeError(
      "ERR_QUICPIPE_RECIPIENT_FORBIDDEN",
      "this recipient is not among those that you may send to",
    );
  const { packets, destinationId, note, ttlMs } = await readMessage(event.req, service.settings.limits);
  if (service.registry.draining)
    throw new QuicpipeError("ERR_QUICPIPE_DRAINING", "the relay is shutting down and takes no new messages");
  const from = proof ? service.registry.at(identity.subject, proof.address)?.id : undefined;
  const origin = { traceparent: traceparentOf(event.req.headers), sent: trace.here };
  const left = await service.mailbox.send(
    { sender: identity.subject, recipient, note, packets, destinationId, from, trace: origin },
    ttlMs,
    identity.account,
  );
  return json(sentMessage(left), 201, { location: messagePath(event, left.id) });
}

/** Returns the path of a message below the relay's path as its sender knows it. */
function messagePath(event: ApiRequest["event"], id: string): string {
  const path = requestPathOf(event);
  return `${path.slice(0, path.lastIndexOf(`${paths.mailbox}/`))}${paths.messages}/${id}`;
}

/** Returns the sender's `traceparent` in canonical form, so that only hex digits of it reach the recipient. */
function traceparentOf(headers: Headers): string | undefined {
  const parent = parseTraceparent(headers.get("traceparent"));
  return parent && encodeTraceparent(parent);
}

interface SentBody extends InitialFlight {
  readonly note: string | null;
  readonly ttlMs: number;
}

async function readMessage(request: ApiRequest["event"]["req"], limits: Limits): Promise<SentBody> {
  const range = {
    minMs: defaults.minMessageTtlMs,
    maxMs: limits.maxMessageTtlMs,
    defaultMs: limits.messageTtlMs,
  };
  const mediaType = mediaTypeOf(request.headers);
  if (mediaType === "application/octet-stream") {
    const packet = await readBytes(request, defaults.maxMessageBodyBytes);
    return { ...requireFlight([packet]), note: null, ttlMs: requireTtl(undefined, range) };
  }
  if (mediaType !== "application/json")
    throw unsupported(mediaType, "application/json or application/octet-stream");
  const body = await readJson(request, defaults.maxMessageBodyBytes);
  return {
    ...requirePackets(body["packets"]),
    note: requireNote(body["note"]),
    ttlMs: requireTtl(body["ttlMs"], range),
  };
}

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

async function take({ event, identity, service, param, trace }: TracedRequest): Promise<Response> {
  const { mailbox, registry, telemetry } = service;
  const { registration: to } = await readJson(event.req, defaults.maxSmallBodyBytes);
  if (typeof to !== "string" || !registry.get(to, identity.subject))
    throw new QuicpipeError(
      "ERR_QUICPIPE_REGISTRATION_NOT_FOUND",
      '"registration" must be the id of a live registration of yours: register first',
    );
  const taken = await mailbox.take(identity.subject, param("id"));
  const { sender, note, packets, destinationId, from } = taken;
  const dialer = registry.routeInitial({
    destinationId,
    to,
    dialer: identity.limited ? sender : undefined,
    from,
  });
  trace.linkTo(taken.trace.sent);
  if (dialer) telemetry.pair(dialer.id, to);
  const { traceparent } = taken.trace;
  return json({
    id: param("id"),
    sender,
    note,
    packets: packets.map((packet) => Buffer.from(packet).toString("base64")),
    ...(traceparent && { traceparent }),
  } satisfies MailboxTakeResponse);
}

async function status({ identity, service, param, optionalParam }: ApiRequest): Promise<Response> {
  const { subject } = identity;
  return json(sentMessage(await service.mailbox.status(subject, param("id"), optionalParam("recipient"))));
}

async function recall({ identity, service, param, optionalParam }: ApiRequest): Promise<Response> {
  await service.mailbox.recall(identity.subject, param("id"), optionalParam("recipient"));
  return noContent();
}

/** Returns the sender's view of a message. */
function sentMessage({ id, recipient, state, createdAtMs, deadlineMs }: Message): SentMessage {
  return { id, recipient, state, createdAt: timestamp(createdAtMs), expiresAt: timestamp(deadlineMs) };
}
