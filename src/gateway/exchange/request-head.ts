import { headerFieldOverheadBytes, maxHeaderBytes, maxHeaderFields } from "../../defaults/index.ts";

/** Header fields as the HTTP library gives them: pseudo-fields under their name with the colon, repeated fields as a list. */
export type FieldMap = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Size of header fields as they came. */
export interface HeadSize {
  /** RFC 9114 §4.2.2, without its overhead. */
  readonly bytes: number;
  /** Fields without pseudo-fields. A repeated field counts each time. */
  readonly count: number;
}

/** A request without its body. */
export interface RequestHead {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  /** Announced length of the body, in bytes. */
  readonly contentLength: number | undefined;
}

/** Status and reason for header fields that form no valid `Request`. */
export interface HeadRefusal {
  readonly status: 400 | 405 | 421 | 431 | 501;
  readonly why: string;
  /** Absent if it could not be read. The answer to HEAD has no body. */
  readonly method?: string;
}

/** Reads the header fields of a request over HTTP/2 or HTTP/3 (RFC 9114 §4.2 and §4.3.1, RFC 9113 §8.3.1). */
export function readHead(fields: FieldMap, size: HeadSize): RequestHead | HeadRefusal {
  const { ":method": name } = fields;
  if (typeof name !== "string" || !token.test(name)) return refuse(400, "the method is not valid");
  const method = normalMethod(name);
  return { method, ...readFields(fields, size, method) };
}

function readFields(fields: FieldMap, size: HeadSize, method: string): RequestHead | HeadRefusal {
  if (size.bytes > maxHeaderBytes) return refuse(431, "the header fields are too long");
  if (size.count > maxHeaderFields) return refuse(431, "there are too many header fields");
  const { ":scheme": scheme, ":path": path, host } = fields;
  const authority = fields[":authority"] ?? host;
  const refusal = methodRefusal(method);
  if (refusal) return refusal;
  if (scheme !== "https") return refuse(421, "the scheme is not https");
  if (typeof path !== "string" || !pathPattern.test(path)) return refuse(400, "the path is not valid");
  if (typeof authority !== "string" || !authorityPattern.test(authority))
    return refuse(400, "the authority is not valid");
  if (host !== undefined && host !== authority) return refuse(400, "Host is another than the authority");
  const url = URL.parse(`https://${authority}${path}`);
  if (!url) return refuse(400, "the authority is not valid");
  return withHeaders(fields, method, url);
}

/** Measures header fields none of which have been joined. */
export function sizeOf(fields: FieldMap): HeadSize {
  const size = { bytes: 0, count: 0 };
  for (const name in fields) {
    const value = fields[name];
    if (typeof value === "string") add(size, name, value);
    else for (const each of value ?? []) add(size, name, each);
  }
  return size;
}

/**
 * Measures header fields as they came, names and values in turn. Node keeps them all, although its map joins the values of some
 * repeated fields and has only the first of others.
 */
export function rawSizeOf(rawFields: readonly string[]): HeadSize {
  const size = { bytes: 0, count: 0 };
  for (let i = 0; i < rawFields.length; i += 2) add(size, rawFields[i]!, rawFields[i + 1]!);
  return size;
}

/** Returns the memory that counts for header fields, in bytes. */
export function headCostBytes({ bytes, count }: HeadSize): number {
  return bytes + count * headerFieldOverheadBytes;
}

function add(size: { bytes: number; count: number }, name: string, value: string): void {
  size.bytes += name.length + value.length;
  if (!name.startsWith(":")) size.count++;
}

/** RFC 9110 §5.6.2 */
const token = /^[\w!#$%&'*+.^`|~-]+$/;
/** No fragment, and nothing that a URL would change (RFC 9114 §4.3.1). */
const pathPattern = /^\/[^\s#\\]*$/;
/** A host and an optional port. No userinfo (RFC 9114 §4.3.1), and nothing that would end the authority in a URL. */
const authorityPattern = /^[^\s/?#@\\]+$/;
/** Connection-specific fields, which HTTP/2 and HTTP/3 do not allow (RFC 9114 §4.2). */
const connectionFields = ["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"];

/** Removes connection-specific fields, including those that `Connection` names (RFC 9110 §7.6.1). */
export function withoutConnectionFields<Value>(
  fields: Readonly<Record<string, Value>>,
): Record<string, Value> {
  const named = String(fields["connection"] ?? "")
    .toLowerCase()
    .split(/[\s,]+/);
  const own = new Set([...connectionFields, ...named]);
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !own.has(name)));
}

/** Normalizes a method as `Request` does, in lower case too (Fetch, "normalize a method"). */
function normalMethod(method: string): string {
  return /^(?:delete|get|head|options|post|put)$/i.test(method) ? method.toUpperCase() : method;
}

/** Returns the refusal of a method that `Request` does not accept. */
function methodRefusal(method: string): HeadRefusal | undefined {
  const name = method.toUpperCase();
  if (name === "TRACE") return refuse(405, "TRACE is not allowed");
  if (name === "CONNECT" || name === "TRACK") return refuse(501, `${name} is not served`);
  return undefined;
}

function withHeaders(fields: FieldMap, method: string, url: URL): RequestHead | HeadRefusal {
  const te = fields["te"];
  if (connectionFields.some((name) => fields[name] !== undefined) || (te !== undefined && te !== "trailers"))
    return refuse(400, "a field belongs to HTTP/1.1");
  const length = fields["content-length"];
  if (length !== undefined && (typeof length !== "string" || !/^\d{1,15}$/.test(length)))
    return refuse(400, "the content length is not valid");
  const headers = toHeaders(fields);
  if (!headers) return refuse(400, "a field cannot be read");
  return { method, url, headers, contentLength: length === undefined ? undefined : Number(length) };
}

function toHeaders(fields: FieldMap): Headers | undefined {
  const headers = new Headers();
  try {
    for (const [name, value] of Object.entries(fields))
      if (!name.startsWith(":")) for (const each of [value ?? ""].flat()) headers.append(name, each);
    return headers;
  } catch {
    // An invalid name or value, such as text beyond Latin-1.
    return undefined;
  }
}

function refuse(status: HeadRefusal["status"], why: string): HeadRefusal {
  return { status, why };
}
