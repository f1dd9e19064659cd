import type { StatsOrder, StatsPage } from "../../protocol.ts";

/** A finding of the doctor. */
export interface Finding {
  readonly level: "ok" | "hint" | "problem";
  readonly subject: string;
  readonly sentence: string;
  readonly remedies: readonly string[];
}

/** A query for sessions. */
export interface SessionQuery {
  readonly limit: number;
  readonly order: StatsOrder;
  readonly filter: string;
}

/** A refusal by the relay, with the relay's own message. */
class Refusal extends Error {}

/** Returns the reason of a failed request as text. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Returns the URL of a route of the console. Its modules are served beside its routes. */
export function routeOf(path: string): string {
  return new URL(path, import.meta.url).href;
}

/** Lists sessions. @throws Refusal, or the error of `fetch` without a connection */
export async function readSessions({ limit, order, filter }: SessionQuery): Promise<StatsPage> {
  const query = new URLSearchParams({ limit: String(limit), order, filter });
  const response = await request("GET", `stats?${query}`);
  return ((await response.json()) as { page: StatsPage }).page;
}

/** Ends a session. One that is already over counts as ended. */
export async function endSession(id: string): Promise<void> {
  await request("DELETE", `registrations/${encodeURIComponent(id)}`, [404]);
}

export async function readFindings(): Promise<readonly Finding[]> {
  const response = await request("GET", "doctor");
  return ((await response.json()) as { findings: Finding[] }).findings;
}

/** Signs the console's user out. */
export async function signOut(): Promise<void> {
  await request("DELETE", "session", [401, 403]);
}

/** Reports whether the relay still accepts the token. Returns `true` if the relay does not answer, which says nothing about the token. */
export async function isSignedIn(): Promise<boolean> {
  try {
    const { status } = await fetch(routeOf("stats"), { cache: "no-store" });
    return status !== 401 && status !== 403;
  } catch (error) {
    if (error instanceof TypeError) return true;
    throw error;
  }
}

async function request(method: string, path: string, accepted: readonly number[] = []): Promise<Response> {
  const response = await fetch(routeOf(path), { method, cache: "no-store" });
  if (response.ok || accepted.includes(response.status)) return response;
  const isProblem = response.headers.get("content-type")?.startsWith("application/problem+json");
  const { detail } = isProblem ? ((await response.json()) as { detail: string }) : { detail: undefined };
  throw new Refusal(detail ?? `the relay answered ${response.status}`);
}
