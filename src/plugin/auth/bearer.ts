/** Returns the token in `Authorization: Bearer` (RFC 6750 §2.1), of whatever worth; `undefined` if there is none. */
export function bearerTokenOf(headers: Headers): string | undefined {
  const [scheme, token] = (headers.get("authorization") ?? "").split(/ +/, 2);
  return scheme?.toLowerCase() === "bearer" && token ? token : undefined;
}
