import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { malformedKinds } from "../../../../scripts/hostile/attacks/http3/malformed-requests.ts";
import { type FieldMap, readHead, sizeOf } from "../../../../src/gateway/exchange/request-head.ts";

const plain = { ":method": "GET", ":scheme": "https", ":authority": "relay.example:4433", ":path": "/a?b=c" };

function read(fields: FieldMap): ReturnType<typeof readHead> {
  return readHead(fields, sizeOf(fields));
}

/** Fields as the HTTP library gives them: what comes more than once is a list. */
function fieldMap(fields: readonly (readonly [string, string])[]): FieldMap {
  const map: Record<string, string | string[]> = {};
  for (const [name, value] of fields) map[name] = name in map ? [map[name]!, value].flat() : value;
  return map;
}

describe("header fields", () => {
  it("make a request's head", () => {
    const head = read({ ...plain, "x-one": "1", "x-two": ["2", "3"], "content-length": "7" });
    if ("status" in head) throw new Error(head.why);
    expect([head.method, head.url.href, head.contentLength]).toEqual([
      "GET",
      "https://relay.example:4433/a?b=c",
      7,
    ]);
    expect(Object.fromEntries(head.headers)).toEqual({
      "x-one": "1",
      "x-two": "2, 3",
      "content-length": "7",
    });
  });

  it("may name the authority as Host, and a trailer's reader", () => {
    const head = read({ ...plain, ":authority": undefined, host: "relay.example", te: "trailers" });
    expect(head).toMatchObject({ method: "GET", url: new URL("https://relay.example/a?b=c") });
  });

  it.each(["get", "Head", "post", "patch"])("may say %s, which counts as `Request` reads it", (method) => {
    const head = read({ ...plain, ":method": method });
    expect(head).toMatchObject({ method: new Request("https://relay.example", { method }).method });
  });

  it.each(malformedKinds)("with $name are answered $status", ({ fields, status }) => {
    expect(read(fieldMap(fields({ port: 4433 })))).toMatchObject({ status });
  });

  it.each([
    [{ ":path": "/#x" }, 400],
    [{ ":path": "/\\x" }, 400],
    [{ ":path": "*" }, 400],
    [{ ":authority": "a/b" }, 400],
    [{ ":authority": "a b" }, 400],
    [{ ":method": "TRACK" }, 501],
    [{ te: "gzip" }, 400],
    [{ host: "another.example" }, 400],
    [{ "content-length": ["1", "1"] }, 400],
    [{ "x y": "1" }, 400],
  ])("with %j are answered %i", (fields, status) => {
    expect(read({ ...plain, ...fields })).toMatchObject({ status });
  });

  it("never throw, and what they make is a request", () => {
    const text = fc.oneof(
      fc.array(fc.nat(300), { maxLength: 20 }).map((codes) => String.fromCharCode(...codes)),
      fc.constantFrom("GET", "https", "/", "a"),
    );
    const value = fc.oneof(text, fc.array(text, { maxLength: 2 }));
    const names = [":method", ":scheme", ":authority", ":path", "host", "te", "content-length", "x"];
    const fields = fc.record(Object.fromEntries(names.map((name) => [name, value])), { requiredKeys: [] });
    fc.assert(
      fc.property(fields, (some) => {
        const head = read({ ...plain, ...some });
        if ("status" in head) return;
        const { method, url, headers } = head;
        expect(new Request(url, { method, headers }).url).toBe(url.href);
      }),
    );
  });
});
