import type { EngineConnection } from "../../engine/contract.ts";

/** Tag and secret of one side of a connection. Whoever knows them may check its paths. */
export interface CheckCredential {
  /** 8 characters of base64url, which lead a check to this connection. */
  readonly tag: string;
  /** 32 bytes, under which checks to this side and their answers are. */
  readonly secret: Uint8Array;
}

const label = "EXPORTER-quicpipe-path";
const tagBytes = 6;
const secretBytes = 32;

/**
 * Returns what a side of a connection has by its handshake (RFC 8446 §7.5). No peer can give it to another connection: it could have
 * two others take each other for itself, and send to each other what is its own.
 */
export function credentialOf(engine: EngineConnection, side: "client" | "server"): CheckCredential {
  const key = engine.exportKey(label, side, tagBytes + secretBytes);
  const tag = Buffer.from(key.subarray(0, tagBytes)).toString("base64url");
  return { tag, secret: key.subarray(tagBytes) };
}
