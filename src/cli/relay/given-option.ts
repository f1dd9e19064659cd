import { isQuicpipeError } from "../../errors.ts";
import { optionError } from "../../option-checks.ts";
import { inFlags } from "../arguments.ts";
import type { RelayArgs } from "./args.ts";

/** The flags of options of quicpipe(), which names them otherwise. */
const flags: Readonly<Record<string, keyof RelayArgs>> = {
  host: "host",
  port: "port",
  stunPort: "stun-port",
  publicAddress: "public-address",
  trustedProxies: "trusted-proxies",
  "auth.jwks": "jwks",
  "auth.issuer": "issuer",
  "auth.audience": "audience",
  "auth.keyGraceMs": "key-grace",
  "forwarder.threads": "threads",
  "xdp.interfaces": "xdp",
};

/** Returns an error about an option with the name under which it was given: a flag, or an option in the config file. */
export function asGiven(error: unknown, args: RelayArgs): unknown {
  if (!isQuicpipeError(error, "ERR_QUICPIPE_OPTION_INVALID")) return error;
  const { option } = error.details;
  const flag = flags[option];
  if (flag !== undefined && args[flag] !== undefined) return inFlags(error, { [option]: `--${flag}` });
  if (args.config === undefined || option.startsWith("--")) return error;
  return optionError(option, `${args.config}: ${error.message}`, error);
}
