import { minInvitationTtlMs, minMessageTtlMs, minRegistrationTtlMs } from "../../defaults/index.ts";
import { maxInvitationConnections, maxMessagePackets, maxNum, refusalReasons } from "../../protocol.ts";

const text = { type: "string" } as const;
const time = { type: "string", format: "date-time" } as const;
const noteOrNull = { type: ["string", "null"] } as const;
const base64 = { type: "string", contentEncoding: "base64" } as const;
const count = { type: "integer", minimum: 0 } as const;

const registration = {
  id: text,
  address: {
    type: ["string", "null"],
    description: "The peer's public address as the relay saw it; null until STUN proves one.",
    examples: ["203.0.113.7:4433", "[2001:db8::1]:4433"],
  },
  relay: { ...text, description: "host:port of the relay's UDP socket." },
  num: { type: "integer", minimum: 1 },
  expiresAt: time,
  ttlMs: { ...count, description: "Lifetime without renewal, in ms." },
} as const;

const timeOrNull = { type: ["string", "null"], format: "date-time" } as const;
const traffic = object({ packets: count, bytes: count });
const counts = { type: "object", additionalProperties: count } as const;

const message = { id: text, createdAt: time, expiresAt: time } as const;
const sentMessage = {
  ...message,
  recipient: text,
  state: { type: "string", enum: ["queued", "taken", "expired"] },
  refused: {
    type: "string",
    enum: refusalReasons,
    description: "Why the recipient has refused it; its state is `expired` then.",
  },
} as const;

const register = {
  $ref: "#/components/schemas/RegisterRequest",
  description: "What to register with this request, which needs the scope relay:register then.",
} as const;
const registered = {
  $ref: "#/components/schemas/RegisterResponse",
  description: "What `register` asked for.",
} as const;

const invitation = {
  id: text,
  sender: { ...text, description: "Name under which the recipient sees whoever holds it." },
  recipient: text,
  connections: { type: "integer", minimum: 1, maximum: maxInvitationConnections },
  used: { ...count, description: "How many of them have been made: messages that the recipient took." },
  expiresAt: time,
} as const;

const registrationStats = object({
  id: text,
  subject: { ...text, description: "Any text at all: escape it wherever it is shown." },
  address: { type: ["string", "null"] },
  cids: count,
  path: { type: "string", enum: ["kernel", "user", "none"], description: "What carried its latest packets." },
  packetsFrom: count,
  bytesFrom: count,
  packetsTo: count,
  bytesTo: count,
  rate: {
    description: "Both ways together; null until it was sampled twice.",
    oneOf: [object({ packetsPerSecond: count, bytesPerSecond: count }), { type: "null" }],
  },
  quietMs: {
    type: ["integer", "null"],
    minimum: 0,
    description:
      "Time without a forwarded packet, at least; null until it was sampled twice. The peers are idle or have gone direct.",
  },
  firstForwardedAt: timeOrNull,
  registeredAt: time,
  expiresAt: time,
  dropped: { ...counts, description: "Packets of it or for it, by reason." },
});

/** Names of the schemas: those of the corresponding types in `src/protocol.ts`. */
export type SchemaName =
  | "RegisterRequest"
  | "RegisterResponse"
  | "RegisterListResponse"
  | "MailboxSendRequest"
  | "MailboxSendResponse"
  | "SentMessage"
  | "MailboxListResponse"
  | "MailboxTakeRequest"
  | "MailboxTakeResponse"
  | "MailboxRefuseRequest"
  | "InvitationRequest"
  | "InvitationResponse"
  | "InvitationListResponse"
  | "StatsResponse"
  | "Problem";

/** The JSON shapes of `src/protocol.ts` as JSON Schema. */
export const openApiSchemas: Readonly<Record<SchemaName, unknown>> = {
  RegisterRequest: object(
    {
      key: { ...base64, description: "16 to 64 random bytes." },
      num: { type: "integer", minimum: 1, maximum: maxNum },
      ttlMs: { type: "integer", minimum: minRegistrationTtlMs, description: "Cut to the relay's maximum." },
      instance: {
        ...object({ holder: base64, run: base64 }),
        description:
          "Names of the peer's process, 16 to 64 bytes each: where the quota is used up, one takes the places of dead ones of the same holder.",
      },
    },
    ["ttlMs", "instance"],
  ),
  RegisterResponse: object(
    {
      ...registration,
      bound: {
        ...text,
        description:
          "address:port that the relay's UDP socket is bound to; only for a URL whose host is loopback.",
      },
      stunPort: {
        type: "integer",
        minimum: 1,
        maximum: 65_535,
        description:
          "The relay's second UDP port, by which peers find out whether their NAT gives each destination another port; absent if it has none. It answers plain Binding requests that are padded to the length of the answer.",
      },
      secret: { ...text, description: "Password of the STUN long-term credential; the username is the id." },
    },
    ["bound", "stunPort"],
  ),
  RegisterListResponse: object({ registrations: { type: "array", items: object(registration) } }),
  MailboxSendRequest: object(
    {
      packets: { type: "array", items: base64, minItems: 1, maxItems: maxMessagePackets },
      note: { ...text, description: "At most 512 bytes in UTF-8." },
      ttlMs: { type: "integer", minimum: minMessageTtlMs, description: "Cut to the relay's maximum." },
      register,
    },
    ["note", "ttlMs", "register"],
  ),
  MailboxSendResponse: object({ ...sentMessage, registration: registered }, ["refused", "registration"]),
  SentMessage: object(sentMessage, ["refused"]),
  MailboxListResponse: object({
    messages: {
      type: "array",
      items: object({
        ...message,
        sender: text,
        note: noteOrNull,
        sizes: { type: "array", items: { type: "integer" }, description: "Bytes of each datagram." },
      }),
    },
  }),
  MailboxTakeRequest: object(
    {
      registration: {
        ...text,
        description:
          "Id of the caller's registration that the connection will use, unless `register` makes it.",
      },
      register,
    },
    ["registration", "register"],
  ),
  MailboxTakeResponse: object(
    {
      id: text,
      sender: text,
      note: noteOrNull,
      packets: { type: "array", items: base64 },
      traceparent: {
        ...text,
        description: "What the sender's request had, if it had one (W3C Trace Context).",
      },
      registration: registered,
    },
    ["traceparent", "registration"],
  ),
  MailboxRefuseRequest: object({ reason: { type: "string", enum: refusalReasons } }),
  InvitationRequest: object(
    {
      recipient: { ...text, description: "The one that the holder may send to; the caller if absent." },
      connections: { ...invitation.connections, default: 1 },
      ttlMs: {
        type: "integer",
        minimum: minInvitationTtlMs,
        description: "Time in which the connections may be made, in ms. Cut to a day; 10 minutes if absent.",
      },
    },
    ["recipient", "connections", "ttlMs"],
  ),
  InvitationResponse: object({
    ...invitation,
    token: { ...text, description: "Bearer token of whoever holds the invitation." },
    relay: { ...text, description: "host:port of the relay's UDP socket." },
  }),
  InvitationListResponse: object({ invitations: { type: "array", items: object(invitation) } }),
  StatsResponse: object(
    {
      backend: { type: "string", enum: ["dgram", "native"] },
      backendReason: text,
      address: object(
        {
          address: text,
          port: count,
          stunPort: { ...count, description: "The second port; absent if there is none." },
        },
        ["stunPort"],
      ),
      registrations: { ...count, description: "Right now." },
      cids: count,
      rateBuckets: {
        ...counts,
        description: "Token buckets right now, and those that were given up before they were full.",
      },
      relayed: traffic,
      path: object({ kernel: traffic, user: traffic }),
      xdp: { type: "object", description: "Where the kernel forwards, and why no further." },
      unclaimed: count,
      gateway: counts,
      dropped: { ...counts, description: "Datagrams by reason." },
      overflowed: count,
      stun: { ...counts, description: "Messages by outcome." },
      stunPort: {
        ...counts,
        type: ["object", "null"],
        description: "Messages at the second port, by outcome.",
      },
      mailbox: counts,
      waiters: count,
      invitations: { ...counts, description: "Those open now, and totals of those made, used and revoked." },
      refused: { ...counts, description: "Requests by code." },
      page: object({
        registrations: { type: "array", items: registrationStats },
        next: { type: ["string", "null"], description: "What goes on as `after`; null at the end." },
      }),
    },
    ["page"],
  ),
  Problem: object({
    type: { type: "string", format: "uri" },
    title: text,
    status: { type: "integer" },
    detail: text,
    code: text,
  }),
};

function object(properties: Readonly<Record<string, unknown>>, optional: readonly string[] = []): object {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: "object", properties, required };
}
