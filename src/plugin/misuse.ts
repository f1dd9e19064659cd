import { optionError } from "../option-checks.ts";

/** Refuses an h3 event or app where options belong: `app.use(quicpipe)` calls it for each request. */
export function refuseUncalled(options: unknown): void {
  if (isObject(options) && ("req" in options || "fetch" in options))
    throw optionError("quicpipe(…)", "quicpipe is called once, when the app is made: app.use(quicpipe())");
}

/** Requires an event: `app.register(relay)` calls the middleware with the app. */
export function requireEvent(event: unknown): void {
  if (!isObject(event) || !("url" in event))
    throw optionError("relay", "a relay is middleware: app.use(relay), or else app.register(relay.plugin)");
}

/** Requires an app: `app.use(relay.plugin)` calls the plugin for each request. */
export function requireApp(app: unknown): void {
  if (!isObject(app) || !("on" in app))
    throw optionError(
      "relay.plugin",
      "relay.plugin is no middleware: app.register(relay.plugin), or app.use(relay)",
    );
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
