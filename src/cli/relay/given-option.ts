import { isQuicpipeError, QuicpipeError } from "../../errors.ts";
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
  if (isQuicpipeError(error, "ERR_QUICPIPE_LISTEN_FAILED")) return portAsGiven(error, args);
  if (!isQuicpipeError(error, "ERR_QUICPIPE_OPTION_INVALID")) return error;
  const { option } = error.details;
  const flag = flags[option];
  if (flag !== undefined && args[flag] !== undefined) return inFlags(error, { [option]: `--${flag}` });
  if (args.config === undefined || option.startsWith("--")) return error;
  return optionError(option, `${args.config}: ${error.message}`, error);
}

/** Returns an error about a port with the flag that gave it. An option of the config file has its name there. */
function portAsGiven(error: QuicpipeError<"ERR_QUICPIPE_LISTEN_FAILED">, args: RelayArgs): QuicpipeError {
  const { option } = error.details;
  const flag = option === undefined ? undefined : flags[option];
  if (flag === undefined || args[flag] === undefined) return error;
  const message = error.message.replace(`\`${option}\``, `--${flag}`);
  return new QuicpipeError(error.code, message, {
    cause: error,
    details: { ...error.details, option: `--${flag}` },
  });
}
