import { isLoopbackHost } from "../../wire/ip.ts";

/** Whether what a URL serves can be trusted to be its host's: by TLS, or as it does not leave the machine. */
export function isTrustedOrigin({ protocol, hostname, username, password }: URL): boolean {
  if (username !== "" || password !== "") return false;
  if (protocol === "https:") return true;
  return protocol === "http:" && isLoopbackHost(hostname);
}

/** Whether a value has the form of a key set (RFC 7517 §5), whatever its keys are. */
export function isKeySet(value: unknown): value is { readonly keys: readonly unknown[] } {
  const keys = typeof value === "object" && value !== null && "keys" in value ? value.keys : undefined;
  return Array.isArray(keys);
}

/** What others wrote, at a length that fits into a line. */
export function shown(value: unknown): string {
  const text = typeof value === "string" ? value : String(JSON.stringify(value));
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
