import type { Attack, Target } from "../../attack.ts";
import { type Fields, get } from "../../clients/http3-frames.ts";
import { RawHttp3 } from "../../clients/raw-http3.ts";

/** A request that `fetch` cannot represent, and the status of its refusal. */
export interface MalformedRequest {
  readonly name: string;
  readonly fields: (target: Pick<Target, "port">) => Fields;
  readonly status: number;
}

/** Returns a GET with one field changed or removed. */
function changed(name: string, value: string | undefined): MalformedRequest["fields"] {
  return (target) =>
    get("/", target).flatMap((field) =>
      field[0] !== name ? [field] : value === undefined ? [] : [[name, value] as const],
    );
}

function extended(...extra: Fields): MalformedRequest["fields"] {
  return (target) => [...get("/", target), ...extra];
}

export const malformedKinds: readonly MalformedRequest[] = [
  { name: "TRACE", fields: changed(":method", "TRACE"), status: 405 },
  {
    name: "CONNECT",
    fields: () => [
      [":method", "CONNECT"],
      [":authority", "x:1"],
    ],
    status: 501,
  },
  { name: "a method that is none", fields: changed(":method", "G ET"), status: 400 },
  { name: "the port 99999", fields: changed(":authority", "localhost:99999"), status: 400 },
  { name: "an empty authority", fields: changed(":authority", ""), status: 400 },
  { name: "no authority", fields: changed(":authority", undefined), status: 400 },
  { name: "a user in the authority", fields: changed(":authority", "a@localhost"), status: 400 },
  { name: "two authorities", fields: extended([":authority", "localhost"]), status: 400 },
  { name: "the scheme http", fields: changed(":scheme", "http"), status: 421 },
  { name: "no path", fields: changed(":path", undefined), status: 400 },
  { name: "a path without a slash", fields: changed(":path", "x"), status: 400 },
  { name: "a line feed in a value", fields: extended(["x-name", "a\nb"]), status: 400 },
  { name: "a field of HTTP/1.1", fields: extended(["transfer-encoding", "chunked"]), status: 400 },
  { name: "a length that is none", fields: extended(["content-length", "-1"]), status: 400 },
  { name: "20 kB of fields", fields: extended(["x-long", "x".repeat(20_000)]), status: 431 },
];

/** Source of its own: many of its connections are ended, which leaves the source fewer new ones. */
const from = "127.0.0.42";

/** Malformed requests of every kind in turn. */
export const malformedRequests: Attack = {
  name: "malformed requests",
  unit: "answers",
  async run(target, signal, tally) {
    while (!signal.aborted) {
      const client = await RawHttp3.open(target, { from, signal });
      for (let i = 0; client.hasRoom && !signal.aborted; i++) {
        const { fields } = malformedKinds[i % malformedKinds.length]!;
        if (await client.status(client.request(fields(target), true), 1000)) tally();
      }
      client.close();
    }
  },
};
