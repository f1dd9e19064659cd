import { type AuthSettings, resolveTokenAuth } from "../options/auth.ts";
import { createAppAuthentication } from "./app-auth.ts";
import { developmentKey, developmentKeyPath } from "./development-key.ts";
import { anonymousIdentity, type AuthContext, type Authenticate, requireOwnPage } from "./identity.ts";
import type { Log } from "../log.ts";
import { createTokenAuthentication } from "./token-auth.ts";

/**
 * Creates the function that authenticates requests. It fetches no keys after its signal aborts.
 *
 * @throws ERR_QUICPIPE_OPTION_INVALID, and ERR_QUICPIPE_STATE_UNAVAILABLE if the development key cannot be used.
 */
export function createAuthentication(auth: AuthSettings, context: AuthContext): Authenticate {
  const { limits } = context;
  if (auth === "none")
    return async (request, sourceOf) => {
      // The source alone names the caller, and every page in a browser sends from the same one.
      requireOwnPage(request);
      return anonymousIdentity(limits, sourceOf());
    };
  if (typeof auth === "function") return createAppAuthentication(auth, context);
  if (auth !== "development") return createTokenAuthentication(auth, context);
  return createTokenAuthentication(resolveTokenAuth({ secret: developmentKey() }), context);
}

/** Logs how requests are authenticated, if that is unfit for production. */
export function announceAuthentication(auth: AuthSettings, log: Pick<Log, "write">): void {
  if (auth === "none")
    log.write("warn", "auth", 'auth is "none": every client may register and send through this relay');
  if (auth === "development")
    log.write(
      "info",
      "auth",
      `no option auth, so tokens are checked with the development key ${developmentKeyPath()}; make a token with: npx quicpipe token --sub alice, and one for the console with: npx quicpipe token --sub you --scope relay:admin`,
    );
}
