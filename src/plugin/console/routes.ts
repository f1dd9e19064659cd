import { assetFiles, securityHeaders } from "../../console/index.ts";
import { diagnose } from "../../forwarder/index.ts";
import { scopes } from "../../protocol.ts";
import {
  answerAsset,
  answerPage,
  answerSlash,
  redirectToConsole,
  refusePage,
  refuseSignIn,
} from "./pages.ts";
import { answerSignIn, answerSignOut, identifyUser } from "./session.ts";
import { problemResponse } from "../http/problem.ts";
import { json } from "../http/exchange.ts";
import type { Route, RouteFamily } from "../routes/route.ts";
import { end } from "../routes/registrations.ts";
import { answerEvents, answerStats } from "../routes/stats.ts";

const scope = scopes.admin;
const sessionPath = "/session";

/** All routes of the console, below its path. Those without a scope serve the sign-in page and the redirect to the console. */
export const consoleRoutes: readonly Route[] = [
  { method: "GET", path: "", scope, handle: answerPage },
  { method: "GET", path: "/", scope: null, handle: answerSlash },
  // A browser asks for it where a refused sign-in is loaded again.
  { method: "GET", path: sessionPath, scope: null, handle: ({ event }) => redirectToConsole(event) },
  { method: "POST", path: sessionPath, scope: null, handle: answerSignIn },
  { method: "DELETE", path: sessionPath, scope, handle: answerSignOut },
  { method: "GET", path: "/events", scope, handle: answerEvents },
  { method: "GET", path: "/stats", scope, handle: answerStats },
  { method: "DELETE", path: "/registrations/{id}", scope, handle: end },
  { method: "GET", path: "/doctor", scope, handle: () => json({ findings: diagnose() }) },
  ...assetFiles.map((file): Route => ({
    method: "GET",
    path: `/${file.name}`,
    scope: file.isPublic ? null : scope,
    handle: (request) => answerAsset(file, request),
  })),
];

/** The console: its page, the files it loads, and its data and actions. */
export const consoleFamily: RouteFamily = {
  root: "consolePath",
  routes: consoleRoutes,
  headers: securityHeaders,
  territory: ["/**"],
  identify: identifyUser,
  refuse(problem, event, path) {
    if (path === "") return refusePage(problem, event);
    const isSignIn = path === sessionPath && event.req.method === "POST";
    return isSignIn ? refuseSignIn(problem, event) : problemResponse(problem);
  },
};
