import type { JSONWebKeySet } from "jose";
import { isLoopback } from "./client-address.ts";

/** Whether what a URL serves can be trusted to be its host's: by TLS, or as it does not leave the machine. */
export function isTrustedOrigin({ protocol, hostname, username, password }: URL): boolean {
  if (username !== "" || password !== "") return false;
  if (protocol === "https:") return true;
  // A URL has an IPv6 literal in brackets. RFC 6761 §6.3: localhost is loopback.
  const isLocal = hostname === "localhost" || isLoopback(hostname.replaceAll(/[[\]]/g, ""));
  return protocol === "http:" && isLocal;
}

/** Whether a value has the form of a key set (RFC 7517 §5); what its keys are good for shows when one is used. */
export function isKeySet(value: unknown): value is JSONWebKeySet {
  const keys = typeof value === "object" && value !== null && "keys" in value ? value.keys : undefined;
  return Array.isArray(keys) && keys.every((key) => typeof key === "object" && key !== null);
}
