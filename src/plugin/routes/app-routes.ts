import type { H3, H3Event, H3RouteMeta } from "h3";
import { operationAt } from "../openapi/document.ts";
import type { Route, RouteFamily } from "./route.ts";

/** Answers a request for a path below the root of a family. */
export type Respond = (event: H3Event, path: string) => Promise<Response>;

/**
 * Adds the routes of a family to the router of an app, each with its operation as meta. The rest of the family's territory
 * follows, so that other paths and methods are refused as they are by the middleware.
 */
export function addRoutes(app: H3, family: RouteFamily, root: string, respond: Respond): void {
  const add = (method: Route["method"] | "", pattern: string, meta: H3RouteMeta = {}): void => {
    const route = root + pattern;
    app.on(method, route, (event) => respond(event, pathBelow(event, root, route)), { meta });
  };
  for (const { method, path } of family.routes)
    add(method, path.replaceAll(/\{(\w+)\}/g, ":$1"), metaOf(method, path));
  for (const region of family.territory) add("", region);
}

function metaOf(method: Route["method"], path: string): H3RouteMeta | undefined {
  const operation = operationAt(method, path);
  return operation && { operationId: operation.operationId, summary: operation.summary };
}

/** Returns the path below the root. An app that is mounted has more segments before it, which may be parameters. */
function pathBelow({ url, context }: H3Event, root: string, route: string): string {
  const mounted = depthOf(context.matchedRoute?.route ?? route) - depthOf(route);
  const segments = url.pathname.split("/").slice(1 + mounted + depthOf(root));
  return segments.map((segment) => `/${segment}`).join("");
}

function depthOf(path: string): number {
  return path.split("/").length - 1;
}
