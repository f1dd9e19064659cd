import { paths } from "../../protocol.ts";
import { requestPathOf } from "../http/exchange.ts";
import { openApiDocument } from "../openapi/document.ts";
import type { Route } from "./route.ts";

/** Serves the OpenAPI description, with the base path that the client sees as its server. */
export const openApiRoute: Route = {
  method: "GET",
  path: paths.openapi,
  scope: null,
  handle({ event }) {
    const text = openApiText(requestPathOf(event).slice(0, -paths.openapi.length));
    return new Response(text, { headers: { "content-type": "application/json" } });
  },
};

/** The text for the most recent base path. It takes a while to build, and clients without a token may request it at any rate. */
let last: { readonly basePath: string; readonly text: string } | undefined;

function openApiText(basePath: string): string {
  if (last?.basePath !== basePath) last = { basePath, text: JSON.stringify(openApiDocument(basePath)) };
  return last.text;
}
