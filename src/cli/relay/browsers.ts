import { isQuicpipeError } from "../../errors.ts";
import {
  type Http2Gateway,
  type Http2GatewayOptions,
  type Http3App,
  serveHttp2,
} from "../../gateway/index.ts";
import type { Logger } from "../../log.ts";
import type { QuicpipeOptions } from "../../plugin/index.ts";
import { parseAddress } from "../../wire/address.ts";

/** Serves the app on the TCP port of the same number as well. The relay runs without it, as peers need only UDP. */
export async function serveBrowsers(
  app: Http3App,
  options: Http2GatewayOptions & { readonly logger: Logger },
): Promise<Http2Gateway | undefined> {
  try {
    return await serveHttp2(app, options);
  } catch (error) {
    if (!isQuicpipeError(error, "ERR_QUICPIPE_LISTEN_FAILED")) throw error;
    options.logger.warn(
      `quicpipe: ${error.message}; until then browsers have no console, and peers all that they need`,
    );
    return undefined;
  }
}

/** Returns the HTTP/3 address for browsers: the address that peers are told to send to. */
export function publicHttp3({
  publicAddress,
}: QuicpipeOptions): Pick<Http2GatewayOptions, "http3Host" | "http3Port"> {
  const address = publicAddress === undefined ? undefined : parseAddress(publicAddress);
  return address ? { http3Host: address.address, http3Port: address.port } : {};
}

/** Returns where the console is; `undefined` without one. Without tokens there are no administrators, and so no console. */
export function consoleHint(
  { auth, basePath = "", console: given }: QuicpipeOptions,
  port: number,
): string | undefined {
  if (given === false || auth === "none") return undefined;
  return `console at https://localhost:${port}${basePath}${given?.path ?? "/relay"}`;
}
