import { isQuicpipeError } from "../../errors.ts";
import { json } from "../http/exchange.ts";
import { problemResponse } from "../http/problem.ts";
import { identifyByToken } from "./api.ts";
import type { Route, RouteFamily } from "./route.ts";
import { type HealthFault, healthFaults, isMendedByRestart } from "../health/faults.ts";

const livePath = "/healthz";
const readyPath = "/readyz";

const probes: readonly Route[] = [livePath, readyPath].map((path) => ({
  method: "GET",
  path,
  scope: null,
  handle: ({ service }) => answerProbe(path, healthFaults(service)),
}));

/** The probes of a supervisor: no token, no rate limit, and as little work as an answer takes. */
export const healthFamily: RouteFamily = {
  root: "healthPath",
  routes: probes,
  headers: {},
  territory: [livePath, readyPath],
  identify: identifyByToken,
  refuse(problem, _event, path) {
    if (!isQuicpipeError(problem, "ERR_QUICPIPE_CLOSED")) return problemResponse(problem);
    return answerProbe(path, [problem.details.reason ?? "closed"]);
  },
};

function answerProbe(path: string, all: readonly HealthFault[]): Response {
  const reasons = path === readyPath ? all : all.filter(isMendedByRestart);
  return reasons.length === 0 ? json({ status: "ok" }) : json({ status: "unavailable", reasons }, 503);
}
