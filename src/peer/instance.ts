import { randomBytes } from "node:crypto";
import * as defaults from "../defaults/index.ts";
import type { InstanceName } from "../protocol.ts";
import { hmacSha256 } from "../wire/hmac.ts";
import type { Identity } from "./trust/identity.ts";

/** Length of both names, in bytes: nobody guesses them. */
const nameBytes = 16;

/**
 * Returns what tells the relay that two processes are one peer, one after the other. The holder's name is derived from its private key, for
 * one relay, so that no other peer knows it and two relays have nothing to compare.
 *
 * @param keepaliveMs `undefined` is returned if it is longer than usual: the relay would take the process for dead between two.
 */
export function instanceOf(
  { privateKey }: Pick<Identity, "privateKey">,
  authority: string,
  keepaliveMs: number,
): InstanceName | undefined {
  if (keepaliveMs > defaults.keepaliveMs) return undefined;
  const holder = hmacSha256(Buffer.from(privateKey), Buffer.from(`quicpipe holder at ${authority}`));
  return {
    holder: Buffer.from(holder.subarray(0, nameBytes)).toString("base64"),
    run: randomBytes(nameBytes).toString("base64"),
  };
}
