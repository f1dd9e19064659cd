import { isLoopbackHost } from "../../wire/ip.ts";

/** Reports whether a URL's response certainly comes from its host: by TLS, or because it never leaves the machine. */
export function isTrustedOrigin({ protocol, hostname, username, password }: URL): boolean {
  if (username !== "" || password !== "") return false;
  if (protocol === "https:") return true;
  return protocol === "http:" && isLoopbackHost(hostname);
}

/** Reports whether a value has the form of a key set (RFC 7517 §5). The keys are not checked. */
export function isKeySet(value: unknown): value is { readonly keys: readonly unknown[] } {
  const keys = typeof value === "object" && value !== null && "keys" in value ? value.keys : undefined;
  return Array.isArray(keys);
}

/** Formats a foreign value for a message, cut to 200 characters. */
export function shown(value: unknown): string {
  const text = typeof value === "string" ? value : String(JSON.stringify(value));
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
