import type { QuicpipeErrorCode } from "../../errors.ts";
import { maxStatsLimit, maxWaitSeconds, paths, scopes } from "../../protocol.ts";
import type { SchemaName } from "./schemas.ts";

/** Codes of a registration, whichever request it comes with. */
const registrationCodes: readonly QuicpipeErrorCode[] = [
  "ERR_QUICPIPE_KEY_INVALID",
  "ERR_QUICPIPE_NUM_INVALID",
  "ERR_QUICPIPE_TTL_INVALID",
  "ERR_QUICPIPE_CID_CONFLICT",
  "ERR_QUICPIPE_OWN_ADDRESS",
  "ERR_QUICPIPE_REGISTRATION_QUOTA",
  "ERR_QUICPIPE_CID_QUOTA",
  "ERR_QUICPIPE_TABLE_FULL",
  "ERR_QUICPIPE_DRAINING",
  "ERR_QUICPIPE_INVITATION_USED",
];

/** The part of a route's OpenAPI description that does not follow from method, path and scope. */
export interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly deprecated?: true;
  readonly parameters?: readonly object[];
  readonly requestBody?: object;
  /** The responses without a problem, by status. */
  readonly answers: Readonly<Record<number, object>>;
  /** Error codes beside those of all routes of its kind; none if absent. */
  readonly codes?: readonly QuicpipeErrorCode[];
}

const eventStream = { "text/event-stream": { schema: { type: "string" } } };

export const register: Operation = {
  operationId: "register",
  summary: "Registers connection IDs, or refreshes the registration of the same key.",
  requestBody: jsonBody("RegisterRequest"),
  answers: { 200: jsonAnswer("RegisterResponse", "Registered, or refreshed.") },
  codes: registrationCodes,
};

export const listRegistrations: Operation = {
  operationId: "listRegistrations",
  summary: "Lists the caller's own registrations.",
  answers: { 200: jsonAnswer("RegisterListResponse", "The registrations, without their secrets.") },
};

export const endRegistration: Operation = {
  operationId: "endRegistration",
  summary: `Ends one of the caller's registrations at once; with the scope ${scopes.admin}, any subject's.`,
  answers: { 204: { description: "Ended; its packets are dropped from now on." } },
  codes: ["ERR_QUICPIPE_REGISTRATION_NOT_FOUND"],
};

/** End of a registration at the former URL path, which knows no administrator. */
export const endOwnRegistration: Operation = {
  ...endRegistration,
  operationId: "endRegistrationFormer",
  summary: `Deprecated: use \`${paths.registrations}/{id}\`.`,
  deprecated: true,
};

export const send: Operation = {
  operationId: "send",
  summary:
    "Leaves the first flight of a QUIC connection for a recipient; with `register`, registers too, or does neither.",
  requestBody: {
    required: true,
    content: {
      ...jsonContent("MailboxSendRequest"),
      "application/octet-stream": { schema: { description: "A single datagram, without note." } },
    },
  },
  answers: {
    201: {
      ...jsonAnswer("MailboxSendResponse", "It waits."),
      headers: {
        Location: { description: "Where the sender sees the message.", schema: { type: "string" } },
      },
    },
  },
  codes: [
    "ERR_QUICPIPE_RECIPIENT_INVALID",
    "ERR_QUICPIPE_RECIPIENT_FORBIDDEN",
    "ERR_QUICPIPE_PACKETS_INVALID",
    "ERR_QUICPIPE_PACKET_NOT_INITIAL",
    "ERR_QUICPIPE_NOTE_INVALID",
    "ERR_QUICPIPE_SENDER_QUOTA",
    "ERR_QUICPIPE_MAILBOX_FULL",
    "ERR_QUICPIPE_MAILBOX_STORE_FULL",
    // Two of them are the message's as well.
    ...registrationCodes,
  ],
};

export const receive: Operation = {
  operationId: "receive",
  summary: "Lists the messages that wait for the caller: at once, by long poll or as an event stream.",
  parameters: [
    {
      name: "Prefer",
      in: "header",
      description: `\`wait=n\`: answer when there is a message, or after n seconds (at most ${maxWaitSeconds}; RFC 7240).`,
      schema: { type: "string", examples: ["wait=25"] },
    },
  ],
  answers: {
    200: {
      description: "What waits. As an event stream: the same list as data of each event `messages`.",
      headers: {
        "Preference-Applied": { description: "The wait that was granted.", schema: { type: "string" } },
      },
      content: { ...jsonContent("MailboxListResponse"), ...eventStream },
    },
  },
  codes: ["ERR_QUICPIPE_WAITER_QUOTA"],
};

export const take: Operation = {
  operationId: "take",
  summary:
    "Hands out the packets of a message, once, and routes its initial connection ID to a registration; with `register`, makes that one first, or does neither.",
  requestBody: jsonBody("MailboxTakeRequest"),
  answers: { 200: jsonAnswer("MailboxTakeResponse", "The message.") },
  codes: [
    "ERR_QUICPIPE_REGISTRATION_NOT_FOUND",
    "ERR_QUICPIPE_MESSAGE_NOT_FOUND",
    "ERR_QUICPIPE_MESSAGE_TAKEN",
    ...registrationCodes,
  ],
};

export const refuse: Operation = {
  operationId: "refuse",
  summary: "Refuses a message that waits for the caller, and tells its sender why.",
  requestBody: jsonBody("MailboxRefuseRequest"),
  answers: { 204: { description: "Refused; its sender sees the reason." } },
  codes: ["ERR_QUICPIPE_MESSAGE_NOT_FOUND", "ERR_QUICPIPE_MESSAGE_TAKEN"],
};

export const messageStatus: Operation = {
  operationId: "messageStatus",
  summary: "Shows the sender the state of its message.",
  answers: {
    200: jsonAnswer(
      "SentMessage",
      "Queued, taken or expired; `refused` is why the recipient has refused it.",
    ),
  },
  codes: ["ERR_QUICPIPE_MESSAGE_NOT_FOUND"],
};

export const recall: Operation = {
  operationId: "recall",
  summary: "Recalls a message that is not taken.",
  answers: { 204: { description: "Gone." } },
  codes: ["ERR_QUICPIPE_MESSAGE_NOT_FOUND", "ERR_QUICPIPE_MESSAGE_TAKEN"],
};

export const invite: Operation = {
  operationId: "invite",
  summary:
    "Makes an invitation: a token by which another may connect to one recipient, on the caller's account.",
  requestBody: jsonBody("InvitationRequest"),
  answers: { 201: jsonAnswer("InvitationResponse", "The invitation, with its token.") },
  codes: [
    "ERR_QUICPIPE_RECIPIENT_INVALID",
    "ERR_QUICPIPE_RECIPIENT_FORBIDDEN",
    "ERR_QUICPIPE_CONNECTIONS_INVALID",
    "ERR_QUICPIPE_TTL_INVALID",
    "ERR_QUICPIPE_INVITATION_QUOTA",
    "ERR_QUICPIPE_DRAINING",
    "ERR_QUICPIPE_NOT_FOUND",
  ],
};

export const listInvitations: Operation = {
  operationId: "listInvitations",
  summary: "Lists the caller's own invitations.",
  answers: { 200: jsonAnswer("InvitationListResponse", "The invitations, without their tokens.") },
  codes: ["ERR_QUICPIPE_NOT_FOUND"],
};

export const revokeInvitation: Operation = {
  operationId: "revokeInvitation",
  summary: "Revokes one of the caller's invitations, and ends its registrations and messages at once.",
  answers: { 204: { description: "Revoked; its packets are dropped from now on." } },
  codes: ["ERR_QUICPIPE_INVITATION_NOT_FOUND", "ERR_QUICPIPE_NOT_FOUND"],
};

export const stats: Operation = {
  operationId: "stats",
  summary: "Shows the totals of the relay, and lists registrations of all subjects.",
  parameters: [
    queryParameter("limit", "How many registrations to list; none if absent.", {
      type: "integer",
      minimum: 0,
      maximum: maxStatsLimit,
    }),
    queryParameter("after", "The `next` of the page before."),
    queryParameter("order", "Oldest first, or the busiest first.", {
      type: "string",
      enum: ["registered", "rate"],
      default: "registered",
    }),
    queryParameter(
      "filter",
      "Lists only those with this text in subject or address, in upper or lower case.",
    ),
  ],
  answers: {
    200: jsonAnswer("StatsResponse", "The totals; with a limit, a page of registrations as well."),
  },
  codes: ["ERR_QUICPIPE_QUERY_INVALID"],
};

export const events: Operation = {
  operationId: "events",
  summary: "Streams the totals and rates, once a second, as data of each event `stats`.",
  answers: {
    200: {
      description: "A reader that is slow gets the newest event, never a backlog.",
      content: eventStream,
    },
  },
  codes: ["ERR_QUICPIPE_WAITER_QUOTA"],
};

export const openapi: Operation = {
  operationId: "openapi",
  summary: "This description.",
  answers: {
    200: { description: "OpenAPI 3.1.", content: { "application/json": { schema: { type: "object" } } } },
  },
};

function queryParameter(name: string, description: string, schema: object = { type: "string" }): object {
  return { name, in: "query", description, schema };
}

function jsonContent(schema: SchemaName): Record<string, unknown> {
  return { "application/json": { schema: { $ref: `#/components/schemas/${schema}` } } };
}

function jsonBody(schema: SchemaName): object {
  return { required: true, content: jsonContent(schema) };
}

function jsonAnswer(schema: SchemaName, description: string): object {
  return { description, content: jsonContent(schema) };
}
