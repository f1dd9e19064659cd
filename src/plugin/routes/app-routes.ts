import type { H3, H3Event } from "h3";
import type { Operation } from "./operations.ts";
import type { Route, RouteFamily } from "./route.ts";

/**
 * Adds the routes of a family to the router of an app, each with its operation as meta. The rest of the family's territory
 * follows, so that other paths and methods are refused as they are by the middleware.
 *
 * @param respond answers a request for a path below the root.
 */
export function addRoutes(
  app: H3,
  family: RouteFamily,
  root: string,
  respond: (event: H3Event, path: string) => Promise<Response>,
): void {
  const add = (method: Route["method"] | "", pattern: string, operation?: Operation): void => {
    const route = root + pattern;
    const meta = operation && { operationId: operation.operationId, summary: operation.summary };
    app.on(method, route, (event) => respond(event, pathBelow(event, root, route)), { meta: meta ?? {} });
  };
  for (const { method, path, operation } of family.routes)
    add(method, path.replaceAll(/\{(\w+)\}/g, ":$1"), operation);
  for (const region of family.territory) add("", region);
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
