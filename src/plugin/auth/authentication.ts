import * as defaults from "../../defaults/index.ts";
import type { TokenAuthSettings } from "../options/auth.ts";
import { createAppAuthentication } from "./app-auth.ts";
import { developmentKey, developmentKeyPath } from "./development-key.ts";
import { type Authenticate, anonymousIdentity } from "./identity.ts";
import { secretSettings } from "../options/keys.ts";
import type { Log } from "../log/log.ts";
import type { Settings } from "../options/settings.ts";
import { createTokenAuthentication } from "./token-auth.ts";

/**
 * Creates the function that authenticates requests. It fetches no keys after the signal aborts.
 *
 * @throws ERR_QUICPIPE_OPTION_INVALID, and ERR_QUICPIPE_STATE_UNAVAILABLE if the development key cannot be used.
 */
export function createAuthentication(
  { auth, limits }: Pick<Settings, "auth" | "limits">,
  { log, now, signal }: { readonly log: Log; readonly now: () => number; readonly signal: AbortSignal },
): Authenticate {
  if (auth === "none") {
    log.write("warn", "auth", 'auth is "none": everybody may register and send through this relay');
    return (_request, sourceOf) => Promise.resolve(anonymousIdentity(limits, sourceOf()));
  }
  if (typeof auth === "function") return createAppAuthentication(auth, limits, now);
  const context = { limits, log, now, signal };
  if (auth !== "development") return createTokenAuthentication(auth, context);
  log.write(
    "info",
    "auth",
    `no option auth, so tokens are checked with the development key ${developmentKeyPath()}; make a token with: quicpipe token --sub alice`,
  );
  return createTokenAuthentication(developmentSettings(), context);
}

function developmentSettings(): TokenAuthSettings {
  return {
    ...secretSettings(developmentKey()),
    issuer: undefined,
    audience: undefined,
    clockTolerance: defaults.clockToleranceSeconds,
    keyGraceMs: defaults.keyGraceMs,
  };
}
