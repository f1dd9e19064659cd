/** How an accepter judges a hostile peer's certificate: not at all, as it is too slow; it refuses it; or it trusts it. */
export type Judgement = "unjudged" | "refused" | "trusted";

/** Encryption levels (RFC 9001 §2.1). */
type Level = "initial" | "handshake" | "application";

/** One kind of frames that a hostile peer floods an accepter with. */
export interface Flood {
  /** A short name, for a table. */
  readonly name: string;
  readonly judgement: Judgement;
  readonly level: Level;
  /** Frames as `examples/forger/` of the engine names them. */
  readonly frames: string;
}

/** Every flood that an accepter has to withstand. */
export const floods: readonly Flood[] = [
  ...floodsOf("unjudged", "initial", {
    "PING in Initial packets": "ping",
    "CRYPTO with gaps in Initial packets": "crypto-gaps",
  }),
  ...floodsOf("unjudged", "handshake", {
    "PING in Handshake packets": "ping",
    "CRYPTO by the byte in Handshake packets": "crypto-bytes",
  }),
  ...floodsOf("unjudged", "application", {
    "PING while unjudged": "ping",
    "PATH_CHALLENGE while unjudged": "path-challenge",
    "STREAM on all pages while unjudged": "stream-pages",
    "DATAGRAM while unjudged": "datagrams",
  }),
  ...floodsOf("refused", "application", { "handshakes that are refused": "ping" }),
  ...floodsOf("trusted", "application", {
    PING: "ping",
    PATH_CHALLENGE: "path-challenge",
    "PATH_CHALLENGE, no acknowledgement": "path-challenge-unheard",
    PATH_RESPONSE: "path-response",
    "CRYPTO with gaps": "crypto-gaps",
    NEW_CONNECTION_ID: "new-connection-id",
    "NEW_CONNECTION_ID that retires": "new-connection-id-retiring",
    RETIRE_CONNECTION_ID: "retire-connection-id",
    "RETIRE_CONNECTION_ID of each": "retire-each-connection-id",
    "STREAM with gaps": "stream-gaps",
    "STREAM with 2000 gaps": "stream-few-gaps",
    "STREAM on all pages": "stream-pages",
    "STREAM by the byte": "stream-bytes",
    "streams of one byte": "streams-of-a-byte",
    "streams that are reset": "streams-reset",
    STOP_SENDING: "stop-sending",
    MAX_STREAMS: "max-streams",
    "DATAGRAM of one byte": "datagrams",
  }),
  // The last one: what the accepter has not taken by its end waits in the mailbox for some time.
  ...floodsOf("unjudged", "initial", { "first flights": "none" }),
];

function floodsOf(
  judgement: Judgement,
  level: Level,
  framesByName: Readonly<Record<string, string>>,
): Flood[] {
  return Object.entries(framesByName).map(([name, frames]) => ({ name, judgement, level, frames }));
}
