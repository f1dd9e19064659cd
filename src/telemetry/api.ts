import type { Meter, Tracer } from "@opentelemetry/api";
import { version } from "../version.ts";
import { scopeName } from "./names.ts";

/** The exports of `@opentelemetry/api`. */
export type Api = typeof import("@opentelemetry/api");

/** Loads the optional package `@opentelemetry/api`; `undefined` if it is not installed. */
export async function loadApi(
  load: () => Promise<unknown> = () => import("@opentelemetry/api"),
): Promise<Api | undefined> {
  try {
    return (await load()) as Api;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Returns this package's tracer. */
export function tracerOf({ trace }: Api): Tracer {
  return trace.getTracer(scopeName, version);
}

/** Returns this package's meter. */
export function meterOf({ metrics }: Api): Meter {
  return metrics.getMeter(scopeName, version);
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND";
}
