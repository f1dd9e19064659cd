import * as defaults from "../../defaults/index.ts";
import { QuicpipeError } from "../../errors.ts";
import { type MailboxSendResponse, paths, type SentMessage } from "../../protocol.ts";
import { timestamp } from "../../steady-clock.ts";
import { encodeTraceparent, parseTraceparent } from "../../telemetry/index.ts";
import { json, mediaTypeOf, readBytes, readJson, requestPathOf, unsupported } from "../http/exchange.ts";
import {
  type InitialFlight,
  requireFlight,
  requireNote,
  requirePackets,
  requireRecipient,
  requireTtl,
} from "../http/request-fields.ts";
import type { Message, MessageContent } from "../mailbox/mailbox.ts";
import type { Limits } from "../options/limits.ts";
import { registeringWith } from "./registering.ts";
import type { ApiRequest, TracedRequest } from "./route.ts";

/** Leaves a message for its recipient, and registers with it if it asks for that. */
export async function send(request: TracedRequest): Promise<Response> {
  const { event, identity, service, proof, param, trace } = request;
  const { mailbox, registry, settings } = service;
  const recipient = requireRecipient(param("recipient"));
  if (identity.peers && !identity.peers.has(recipient))
    throw new QuicpipeError(
      "ERR_QUICPIPE_RECIPIENT_FORBIDDEN",
      "this recipient is not among those that you may send to",
    );
  const { register, ttlMs, ...content } = await readMessage(event.req, settings.limits);
  if (registry.draining)
    throw new QuicpipeError("ERR_QUICPIPE_DRAINING", "the relay is shutting down and takes no new messages");
  const origin = { traceparent: traceparentOf(event.req.headers), sent: trace.here };
  const sent: MailboxSendResponse = await registeringWith(request, register, async (registration) => {
    const from = registration ?? (proof ? registry.at(identity.subject, proof.address) : undefined);
    const message = { ...content, sender: identity.subject, recipient, from: from?.id, trace: origin };
    const before = registration && (await mailbox.sentBefore(message, identity.account));
    return sentMessage(before ?? (await leave(message, ttlMs, request)));
  });
  return json(sent, 201, { location: messagePath(event, sent.id) });
}

/** Leaves a message in the mailbox, within the limits of an invitation if the sender holds one. */
async function leave(
  message: MessageContent,
  ttlMs: number,
  { identity, service }: ApiRequest,
): Promise<Message> {
  const { mailbox, invitations } = service;
  const leaveFor = (lifeMs: number): Promise<Message> => mailbox.send(message, lifeMs, identity.account);
  if (identity.invitation === undefined) return await leaveFor(ttlMs);
  return await invitations.held(identity.invitation).send(mailbox, ttlMs, leaveFor);
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
  /** What to register with the message, unchecked. */
  readonly register: unknown;
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
    return {
      ...requireFlight([packet]),
      note: null,
      ttlMs: requireTtl(undefined, range),
      register: undefined,
    };
  }
  if (mediaType !== "application/json")
    throw unsupported(mediaType, "application/json or application/octet-stream");
  const body = await readJson(request, defaults.maxMessageBodyBytes);
  return {
    ...requirePackets(body["packets"]),
    note: requireNote(body["note"]),
    ttlMs: requireTtl(body["ttlMs"], range),
    register: body["register"],
  };
}

/** Returns the sender's view of a message. */
export function sentMessage({
  id,
  recipient,
  state,
  refused,
  createdAtMs,
  deadlineMs,
}: Message): SentMessage {
  const times = { createdAt: timestamp(createdAtMs), expiresAt: timestamp(deadlineMs) };
  return { id, recipient, state, ...(refused && { refused }), ...times };
}
