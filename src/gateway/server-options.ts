import { optionError, optionInvalid, range, requireInteger, requireText } from "../option-checks.ts";
import { Budget } from "./budget/budget.ts";

/** Requires an app. */
export function requireApp(app: unknown): void {
  const isApp = typeof app === "object" && app !== null && "fetch" in app && typeof app.fetch === "function";
  if (!isApp) throw optionInvalid("app", app, "an app with the method fetch, such as new H3()");
}

/** Returns the given budget, or a new one. */
export function requireBudget(budget: Budget | undefined): Budget {
  if (budget === undefined || budget instanceof Budget) return budget ?? new Budget();
  throw optionError("budget", "option budget must be made by new Budget({ … })");
}

/** Returns the address to listen on. */
export function requireHost(host: string | undefined, fallback: string): string {
  return requireText("host", host, "an address to listen on", (text) => text !== "") ?? fallback;
}

/** Returns the port to listen on; 0, a free one, if absent. */
export function requirePort(port: number | undefined): number {
  return requireInteger("port", port, range(0, 0, 65_535));
}
