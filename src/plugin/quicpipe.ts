import type { H3, H3Event } from "h3";
import { consoleFamily } from "./console/routes.ts";
import type { QuicpipeOptions } from "./options/options.ts";
import { resolveSettings, type Settings } from "./options/settings.ts";
import type { OpenMailbox } from "./mailbox/mailbox.ts";
import { openMemoryMailbox } from "./mailbox/memory.ts";
import { RelayControl } from "./relay-control.ts";
import type { CloseOptions, ListenOptions, RegistrationsQuery, Relay } from "./relay.ts";
import { api } from "./routes/api.ts";
import { addRoutes } from "./routes/app-routes.ts";
import { healthFamily } from "./routes/health.ts";
import { metricsFamily } from "./routes/metrics.ts";
import type { RouteFamily } from "./routes/route.ts";
import { pathIn } from "./routes/router.ts";
import { optionError } from "../option-checks.ts";

/**
 * Creates a relay for an h3 app: `app.use(quicpipe())`, or `app.register(quicpipe().plugin)`.
 *
 * @throws ERR_QUICPIPE_OPTION_INVALID; ERR_QUICPIPE_AUTH_REQUIRED without `auth` if `NODE_ENV` is "production"
 * @example
 * import { H3, serve } from "h3";
 * import { quicpipe } from "quicpipe";
 *
 * const app = new H3().use(quicpipe()).get("/", () => "Hello from the app.\n");
 * serve(app, { port: 3000 });
 */
export function quicpipe(options?: QuicpipeOptions): Relay {
  refuseUncalled(options);
  return relayWith(resolveSettings(options, process.env), openMemoryMailbox);
}

/** Creates a relay with another store of messages than memory. */
export function relayWith(settings: Settings, openMailbox: OpenMailbox): Relay {
  const control = new RelayControl(settings, openMailbox);
  return Object.assign(
    (event: H3Event, next: () => unknown): unknown => {
      requireEvent(event);
      for (const family of families) {
        const path = pathIn(family, settings[family.root], event.url.pathname);
        if (path !== undefined) return control.respond(family, event, path);
      }
      return next();
    },
    {
      plugin(app: H3): void {
        requireApp(app);
        for (const family of families) {
          const root = settings[family.root];
          if (root !== undefined)
            addRoutes(app, family, root, (event, path) => control.respond(family, event, path));
        }
      },
      listen: (listenOptions?: ListenOptions) => control.listen(listenOptions),
      address: () => control.address(),
      sourceOf: (address: string, port?: number) => control.sourceOf(address, port),
      stats: () => control.stats(),
      metrics: () => control.metrics(),
      registrations: (query?: RegistrationsQuery) => control.registrations(query),
      drain: (closeOptions?: CloseOptions) => control.drain(closeOptions),
      close: (closeOptions?: CloseOptions) => control.close(closeOptions),
      [Symbol.asyncDispose]: () => control.close(),
    },
  );
}

const families: readonly RouteFamily[] = [api, healthFamily, metricsFamily, consoleFamily];

/** Refuses an h3 event or app where options belong: `app.use(quicpipe)` calls it for each request. */
function refuseUncalled(options: unknown): void {
  if (isObject(options) && ("req" in options || "fetch" in options))
    throw optionError("quicpipe(…)", "quicpipe is called once, when the app is made: app.use(quicpipe())");
}

/** Requires an event: `app.register(relay)` calls the middleware with the app. */
function requireEvent(event: unknown): void {
  if (!isObject(event) || !("url" in event))
    throw optionError("relay", "a relay is middleware: app.use(relay), or else app.register(relay.plugin)");
}

/** Requires an app: `app.use(relay.plugin)` calls the plugin for each request. */
function requireApp(app: unknown): void {
  if (!isObject(app) || !("on" in app))
    throw optionError(
      "relay.plugin",
      "relay.plugin is no middleware: app.register(relay.plugin), or app.use(relay)",
    );
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
