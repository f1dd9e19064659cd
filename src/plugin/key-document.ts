import type { JSONWebKeySet } from "jose";
import { isLoopbackHost } from "../wire/ip.ts";

/** Whether what a URL serves can be trusted to be its host's: by TLS, or as it does not leave the machine. */
export function isTrustedOrigin({ protocol, hostname, username, password }: URL): boolean {
  if (username !== "" || password !== "") return false;
  if (protocol === "https:") return true;
  return protocol === "http:" && isLoopbackHost(hostname);
}

/** Whether a value has the form of a key set (RFC 7517 §5); what its keys are good for shows when one is used. */
export function isKeySet(value: unknown): value is JSONWebKeySet {
  const keys = typeof value === "object" && value !== null && "keys" in value ? value.keys : undefined;
  return Array.isArray(keys) && keys.every((key) => typeof key === "object" && key !== null);
}
