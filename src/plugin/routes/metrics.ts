import { scopes } from "../../protocol.ts";
import { problemResponse } from "../http/problem.ts";
import { expositionType } from "../../exposition.ts";
import { metricsPage } from "../metrics/page.ts";
import { identifyByToken } from "./api.ts";
import type { RouteFamily } from "./route.ts";

const path = "/metrics";

/** The figures for Prometheus, where the option `metrics` asks for them. */
export const metricsFamily: RouteFamily = {
  root: "metricsPath",
  routes: [
    {
      method: "GET",
      path,
      scope: scopes.metrics,
      orScope: scopes.admin,
      handle: ({ service }) =>
        new Response(metricsPage(service), {
          headers: { "content-type": expositionType, "cache-control": "no-store" },
        }),
    },
  ],
  headers: {},
  territory: [path],
  identify: identifyByToken,
  refuse: problemResponse,
};
