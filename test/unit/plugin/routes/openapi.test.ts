import { describe, expect, it } from "vitest";
import { openApiDocument } from "../../../../src/plugin/routes/openapi.ts";
import { problemKinds } from "../../../../src/plugin/http/problem.ts";
import { routes } from "../../../../src/plugin/routes/api.ts";

interface Operation {
  readonly summary: string;
  readonly security: Record<string, string[]>[];
  readonly responses: Record<string, unknown>;
}

const document = openApiDocument("/base", routes) as {
  readonly servers: unknown;
  readonly paths: Record<string, Record<string, Operation | unknown[]>>;
  readonly components: { readonly schemas: Record<string, unknown> };
};

const operations: [string, Operation][] = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item)
    .filter(([method]) => method !== "parameters")
    .map(([method, operation]): [string, Operation] => [
      `${method.toUpperCase()} ${path}`,
      operation as Operation,
    ]),
);

describe("the OpenAPI description", () => {
  it("describes exactly the routes that there are, with the scopes that they ask for", () => {
    const described = operations.map(([name, { security }]) => [
      name,
      ...security.flatMap(({ token }) => token),
    ]);
    const implemented = routes.map(({ method, path, scope, orScope }) =>
      [`${method} ${path}`, scope, orScope].filter((part) => part),
    );
    expect(described.toSorted()).toEqual(implemented.toSorted());
  });

  it("has the parameters of each path", () => {
    for (const [path, item] of Object.entries(document.paths)) {
      const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const parameters = (item["parameters"] ?? []) as { name: string }[];
      expect(parameters.map(({ name }) => name)).toEqual(names);
    }
  });

  it("names every code that a request can be answered with, under its status", () => {
    const text = JSON.stringify(operations);
    // This belongs to no operation.
    const elsewhere = new Set(["ERR_QUICPIPE_METHOD_NOT_ALLOWED"]);
    for (const code of Object.keys(problemKinds))
      expect([code, text.includes(`"${code}"`)]).toEqual([code, !elsewhere.has(code)]);
    for (const [, { responses }] of operations)
      for (const [status, response] of Object.entries(responses))
        for (const [code] of JSON.stringify(response).matchAll(/ERR_QUICPIPE_\w+/g))
          expect(problemKinds[code as keyof typeof problemKinds]!.status).toBe(Number(status));
  });

  it("tells that a change may be refused for the origin of the page that asks for it, and no other request", () => {
    for (const [name, { responses }] of operations)
      expect([name, JSON.stringify(responses).includes("ERR_QUICPIPE_ORIGIN_FORBIDDEN")]).toEqual([
        name,
        !name.startsWith("GET "),
      ]);
  });

  it("promises the end of any subject's registration only where there is the scope for it", () => {
    for (const [name, { summary, security }] of operations)
      if (/ends/i.test(summary))
        expect([name, /any subject/.test(summary)]).toEqual([
          name,
          security.some(({ token }) => token!.includes("relay:admin")),
        ]);
  });

  it("refers only to schemas that it has, and to each of them", () => {
    const references = [...JSON.stringify(document).matchAll(/#\/components\/schemas\/(\w+)/g)].map(
      ([, name]) => name,
    );
    expect([...new Set(references)].toSorted()).toEqual(Object.keys(document.components.schemas).toSorted());
  });

  it("tells where it is served", () => {
    expect(document.servers).toEqual([{ url: "/base" }]);
    expect(openApiDocument("", routes)["servers"]).toEqual([{ url: "/" }]);
  });
});
