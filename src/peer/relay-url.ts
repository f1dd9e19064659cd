import { requireCertificates } from "../files/pem.ts";
import { optionError, optionInvalid } from "../option-checks.ts";
import { isLoopbackHost } from "../wire/address.ts";
import { pinPrefix } from "./trust/identity.ts";
import { parsePin } from "./trust/trust.ts";

/** Requires the URL of a relay. @throws ERR_QUICPIPE_OPTION_INVALID */
export function relayUrl(relay: string | URL | undefined): URL {
  const url = URL.parse(String(relay));
  if (url?.protocol === "https:") return url;
  // It carries tokens and keys in the clear.
  if (url?.protocol === "http:" && isLoopbackHost(url.hostname)) return url;
  throw optionInvalid(
    "relay",
    relay instanceof URL ? String(relay) : relay,
    "an https URL such as https://relay.example:4433, or an http one of this machine such as http://localhost:3000",
  );
}

/** Refuses a CA that holds no certificate, as the system's would take its place, and one that would have no effect. */
export function requireRelayCa(relayCa: string, { protocol }: URL): void {
  if (protocol === "http:")
    throw optionError(
      "relayCa",
      "an http: relay has no certificate: leave out relayCa, or give an https: URL",
    );
  if (relayCa.startsWith(pinPrefix)) parsePin(relayCa, "relayCa");
  else if (relayCa !== "insecure") requireCertificates("relayCa", relayCa);
}
