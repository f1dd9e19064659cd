import { readFileSync } from "node:fs";
import { H3, serve } from "h3";
import { onTestFinished } from "vitest";
import { startBrowser } from "../harness/http/browser.ts";

/** What the steps of page.html came to, by their names. */
export type Results = Readonly<Record<string, unknown>>;

/** The session that Chromium is to have. */
export interface Visit {
  /** Host and port. */
  readonly origin: string;
  readonly path: string;
  /** What Chromium trusts. */
  readonly certificate: string;
  /** Steps of page.html, in order. */
  readonly steps: readonly string[];
  /** For the step `register`. */
  readonly token?: string;
  /** Gives Chromium another address, at the step `move`. */
  readonly onMove?: () => Promise<void>;
}

/** Has Chromium take these steps in a session. */
export async function browse({ origin, path, certificate, steps, token, onMove }: Visit): Promise<Results> {
  const results = Promise.withResolvers<Results>();
  const page = readFileSync(new URL("page.html", import.meta.url), "utf8");
  const app = new H3({ silent: true })
    .get("/", () => new Response(page, { headers: { "content-type": "text/html" } }))
    .post("/move", async () => (await onMove?.(), ""))
    .post("/results", async ({ req }) => (results.resolve((await req.json()) as Results), ""));
  const pages = serve(app, { port: 0, hostname: "127.0.0.1", silent: true });
  onTestFinished(() => pages.close(true));
  await pages.ready();
  const query = new URLSearchParams({
    url: `https://${origin}${path}`,
    steps: steps.join(","),
    token: token ?? "",
  });
  const browser = startBrowser(origin, certificate, `${pages.url}?${query}`);
  const ended = browser.exited.then((status) => {
    throw new Error(`Chromium ended (${status}):\n${browser.stderr()}`);
  });
  return await Promise.race([results.promise, ended]);
}
