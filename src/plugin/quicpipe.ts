import type { H3, H3Event } from "h3";
import { consoleFamily } from "./console/routes.ts";
import type { QuicpipeOptions } from "./options/options.ts";
import { resolveSettings } from "./options/settings.ts";
import { RelayControl } from "./relay-control.ts";
import type { CloseOptions, ListenOptions, RegistrationsQuery, Relay } from "./relay.ts";
import { api } from "./routes/api.ts";
import { addRoutes } from "./routes/app-routes.ts";
import type { RouteFamily } from "./routes/route.ts";
import { pathIn } from "./routes/router.ts";

/**
 * Creates a relay for an h3 app: `app.use(quicpipe())`, or `app.register(quicpipe().plugin)`.
 *
 * @throws ERR_QUICPIPE_OPTION_INVALID; ERR_QUICPIPE_AUTH_REQUIRED without `auth` if `NODE_ENV` is "production"
 * @example
 * const relay = quicpipe({ upstream: { port: 4434 }, auth: { jwks: "https://issuer.example/jwks.json" } });
 * const app = new H3().use(relay);
 * await relay.listen();
 */
export function quicpipe(options?: QuicpipeOptions): Relay {
  const settings = resolveSettings(options, process.env);
  const control = new RelayControl(settings);
  return Object.assign(
    (event: H3Event, next: () => unknown): unknown => {
      for (const family of families) {
        const path = pathIn(family, family.rootOf(settings), event.url.pathname);
        if (path !== undefined) return control.respond(family, event, path);
      }
      return next();
    },
    {
      plugin(app: H3): void {
        for (const family of families) {
          const root = family.rootOf(settings);
          if (root !== undefined)
            addRoutes(app, family, root, (event, path) => control.respond(family, event, path));
        }
      },
      listen: (listenOptions?: ListenOptions) => control.listen(listenOptions),
      address: () => control.address(),
      sourceOf: (address: string, port?: number) => control.sourceOf(address, port),
      stats: () => control.stats(),
      registrations: (query?: RegistrationsQuery) => control.registrations(query),
      drain: () => control.drain(),
      close: (closeOptions?: CloseOptions) => control.close(closeOptions),
      [Symbol.asyncDispose]: () => control.close(),
    },
  );
}

const families: readonly RouteFamily[] = [api, consoleFamily];
