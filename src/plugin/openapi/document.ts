import { paths } from "../../protocol.ts";
import { aliases } from "./aliases.ts";
import { type Operation, type Paths, resources } from "./operations.ts";
import { openApiSchemas } from "./schemas.ts";

const operations: Paths = {
  ...resources,
  ...aliases,
  [paths.register]: { ...resources[paths.register], ...aliases[paths.register] },
};

/** Returns the operation of a route; `undefined` if the description has none. */
export function operationAt(method: "GET" | "POST" | "DELETE", path: string): Operation | undefined {
  const { get, post, delete: remove } = operations[path] ?? {};
  return { GET: get, POST: post, DELETE: remove }[method];
}

/** The OpenAPI 3.1 description of the HTTP interface below `basePath`. */
export function openApiDocument(basePath: string): Readonly<Record<string, unknown>> {
  return {
    openapi: "3.1.0",
    info: {
      title: "quicpipe relay",
      version: "1",
      summary: "Registers QUIC connection IDs and passes on the first packets of a connection.",
      description:
        "docs/protocol.md describes what the peers do with it. `HEAD` works wherever `GET` does, and `OPTIONS` names the methods of a path. Every error is a problem (RFC 9457); docs/errors.md explains the codes.",
    },
    servers: [{ url: basePath || "/" }],
    paths: operations,
    components: {
      securitySchemes: { token: { type: "http", scheme: "bearer", bearerFormat: "JWT" } },
      schemas: openApiSchemas,
    },
  };
}
