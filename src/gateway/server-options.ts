import { type Logger, requireLogger } from "../log.ts";
import { type IntegerRange, optionError, optionInvalid, range, requireText } from "../option-checks.ts";
import { Budget } from "./budget/budget.ts";

/** Requires an app. */
export function requireApp(app: unknown): void {
  const isApp = typeof app === "object" && app !== null && "fetch" in app && typeof app.fetch === "function";
  if (!isApp) throw optionInvalid("app", app, "an app with the method fetch, such as new H3()");
}

/** Returns the given budget, or a new one. */
export function requireBudget(path: string, budget: Budget | undefined): Budget {
  if (budget === undefined || budget instanceof Budget) return budget ?? new Budget();
  throw optionError(path, `option ${path} must be made by new Budget({ … })`);
}

/** Checks of the options that both servers have. Port 0 is a free one. */
export const serverChecks: {
  readonly port: IntegerRange;
  readonly budget: typeof requireBudget;
  readonly logger: (path: string, logger: Logger | false | undefined) => Logger;
} = {
  port: range(0, 0, 65_535),
  budget: requireBudget,
  logger: (_, logger) => requireLogger(logger),
};

/** Returns the address to listen on. */
export function requireHost(path: string, host: string | undefined, fallback: string): string {
  return requireText(path, host, "an address to listen on", (text) => text !== "") ?? fallback;
}
