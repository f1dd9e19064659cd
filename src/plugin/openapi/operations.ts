import { maxStatsLimit, maxWaitSeconds, paths, scopes } from "../../protocol.ts";
import {
  always,
  authenticated,
  changing,
  jsonAnswer,
  jsonBody,
  jsonContent,
  needs,
  problems,
  withBody,
} from "./answers.ts";

/** One method of one path. */
export interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly [member: string]: unknown;
}

/** Paths below the base path. */
export type Paths = Readonly<Record<string, PathItem>>;

interface PathItem {
  readonly parameters?: readonly object[];
  readonly get?: Operation;
  readonly post?: Operation;
  readonly delete?: Operation;
}

export const id: object = { name: "id", in: "path", required: true, schema: { type: "string" } };
export const recipient: object = {
  name: "recipient",
  in: "path",
  required: true,
  description:
    "The recipient's name (the `sub` of its token), one percent-encoded segment of at most 256 bytes.",
  schema: { type: "string", minLength: 1 },
};
const prefer = {
  name: "Prefer",
  in: "header",
  description: `\`wait=n\`: answer when there is a message, or after n seconds (at most ${maxWaitSeconds}; RFC 7240).`,
  schema: { type: "string", examples: ["wait=25"] },
};
const statsQuery = [
  {
    name: "limit",
    in: "query",
    description: "How many registrations to list; none if absent.",
    schema: { type: "integer", minimum: 0, maximum: maxStatsLimit },
  },
  { name: "after", in: "query", description: "The `next` of the page before.", schema: { type: "string" } },
  {
    name: "order",
    in: "query",
    description: "Oldest first, or the busiest first.",
    schema: { type: "string", enum: ["registered", "rate"], default: "registered" },
  },
  {
    name: "filter",
    in: "query",
    description: "Lists only those with this text in subject or address, in upper or lower case.",
    schema: { type: "string" },
  },
];
const location = {
  Location: { description: "Where the sender sees the message.", schema: { type: "string" } },
};
const preferenceApplied = {
  "Preference-Applied": { description: "The wait that was granted.", schema: { type: "string" } },
};

export const endRegistration: Operation = {
  operationId: "endRegistration",
  summary: `Ends one of the caller's registrations at once; with the scope ${scopes.admin}, anybody's.`,
  security: needs(scopes.register, scopes.admin),
  responses: {
    204: { description: "Ended; its packets are dropped from now on." },
    ...problems([...changing, "ERR_QUICPIPE_REGISTRATION_NOT_FOUND"]),
  },
};

export const take: Operation = {
  operationId: "take",
  summary:
    "Hands out the packets of a message, once, and routes its initial connection ID to a registration.",
  security: needs(scopes.receive),
  requestBody: jsonBody("MailboxTakeRequest"),
  responses: {
    200: jsonAnswer("MailboxTakeResponse", "The message."),
    ...problems([
      ...withBody,
      "ERR_QUICPIPE_CONTENT_TYPE_UNSUPPORTED",
      "ERR_QUICPIPE_REGISTRATION_NOT_FOUND",
      "ERR_QUICPIPE_MESSAGE_NOT_FOUND",
      "ERR_QUICPIPE_MESSAGE_TAKEN",
    ]),
  },
};

export const messageStatus: Operation = {
  operationId: "messageStatus",
  summary: "Tells the sender what became of its message.",
  security: needs(scopes.send),
  responses: {
    200: jsonAnswer("SentMessage", "Queued, taken or expired."),
    ...problems([...authenticated, "ERR_QUICPIPE_MESSAGE_NOT_FOUND"]),
  },
};

export const recall: Operation = {
  operationId: "recall",
  summary: "Takes a message back that nobody took.",
  security: needs(scopes.send),
  responses: {
    204: { description: "Gone." },
    ...problems([...changing, "ERR_QUICPIPE_MESSAGE_NOT_FOUND", "ERR_QUICPIPE_MESSAGE_TAKEN"]),
  },
};

export const listRegistrations: Operation = {
  operationId: "listRegistrations",
  summary: "Lists the caller's own registrations.",
  security: needs(scopes.register),
  responses: {
    200: jsonAnswer("RegisterListResponse", "The registrations, without their secrets."),
    ...problems(authenticated),
  },
};

export const receive: Operation = {
  operationId: "receive",
  summary: "Lists the messages that wait for the caller: at once, by long poll or as an event stream.",
  security: needs(scopes.receive),
  parameters: [prefer],
  responses: {
    200: {
      description: "What waits. As an event stream: the same list as data of each event `messages`.",
      headers: preferenceApplied,
      content: {
        ...jsonContent("MailboxListResponse"),
        "text/event-stream": { schema: { type: "string" } },
      },
    },
    ...problems([...authenticated, "ERR_QUICPIPE_WAITER_QUOTA"]),
  },
};

/** The methods of each path, in OpenAPI 3.1. */
export const resources: Paths = {
  [paths.register]: {
    post: {
      operationId: "register",
      summary: "Registers connection IDs, or refreshes the registration of the same key.",
      security: needs(scopes.register),
      requestBody: jsonBody("RegisterRequest"),
      responses: {
        200: jsonAnswer("RegisterResponse", "Registered, or refreshed."),
        ...problems([
          ...withBody,
          "ERR_QUICPIPE_CONTENT_TYPE_UNSUPPORTED",
          "ERR_QUICPIPE_KEY_INVALID",
          "ERR_QUICPIPE_NUM_INVALID",
          "ERR_QUICPIPE_TTL_INVALID",
          "ERR_QUICPIPE_CID_CONFLICT",
          "ERR_QUICPIPE_OWN_ADDRESS",
          "ERR_QUICPIPE_REGISTRATION_QUOTA",
          "ERR_QUICPIPE_CID_QUOTA",
          "ERR_QUICPIPE_TABLE_FULL",
          "ERR_QUICPIPE_DRAINING",
        ]),
      },
    },
  },
  [paths.registrations]: {
    get: listRegistrations,
  },
  [`${paths.registrations}/{id}`]: {
    parameters: [id],
    delete: endRegistration,
  },
  [paths.messages]: {
    get: receive,
  },
  [`${paths.messages}/{id}/take`]: {
    parameters: [id],
    post: take,
  },
  [`${paths.mailbox}/{recipient}`]: {
    parameters: [recipient],
    post: {
      operationId: "send",
      summary: "Leaves the first flight of a QUIC connection for a recipient.",
      security: needs(scopes.send),
      requestBody: {
        required: true,
        content: {
          ...jsonContent("MailboxSendRequest"),
          "application/octet-stream": { schema: { description: "A single datagram, without note." } },
        },
      },
      responses: {
        201: { ...jsonAnswer("SentMessage", "It waits."), headers: location },
        ...problems([
          ...withBody,
          "ERR_QUICPIPE_CONTENT_TYPE_UNSUPPORTED",
          "ERR_QUICPIPE_RECIPIENT_INVALID",
          "ERR_QUICPIPE_RECIPIENT_FORBIDDEN",
          "ERR_QUICPIPE_PACKETS_INVALID",
          "ERR_QUICPIPE_PACKET_NOT_INITIAL",
          "ERR_QUICPIPE_NOTE_INVALID",
          "ERR_QUICPIPE_TTL_INVALID",
          "ERR_QUICPIPE_SENDER_QUOTA",
          "ERR_QUICPIPE_MAILBOX_FULL",
          "ERR_QUICPIPE_MAILBOX_STORE_FULL",
          "ERR_QUICPIPE_DRAINING",
        ]),
      },
    },
  },
  [`${paths.messages}/{id}`]: {
    parameters: [id],
    get: messageStatus,
    delete: recall,
  },
  [paths.stats]: {
    get: {
      operationId: "stats",
      summary: "Tells what the relay does, and lists registrations of all subjects.",
      security: needs(scopes.admin),
      parameters: statsQuery,
      responses: {
        200: jsonAnswer("StatsResponse", "The totals; with a limit, a page of registrations as well."),
        ...problems([...authenticated, "ERR_QUICPIPE_QUERY_INVALID"]),
      },
    },
  },
  [paths.events]: {
    get: {
      operationId: "events",
      summary: "Streams the totals and rates, once a second, as data of each event `stats`.",
      security: needs(scopes.admin),
      responses: {
        200: {
          description: "A reader that is slow gets the newest event, never a backlog.",
          content: { "text/event-stream": { schema: { type: "string" } } },
        },
        ...problems([...authenticated, "ERR_QUICPIPE_WAITER_QUOTA"]),
      },
    },
  },
  [paths.openapi]: {
    get: {
      operationId: "openapi",
      summary: "This description.",
      security: [],
      responses: {
        200: { description: "OpenAPI 3.1.", content: { "application/json": { schema: { type: "object" } } } },
        ...problems(always),
      },
    },
  },
};
