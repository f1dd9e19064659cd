import { isQuicpipeError, QuicpipeError } from "../../errors.ts";
import { optionError } from "../../option-checks.ts";
import { inFlags } from "../arguments.ts";
import type { GivenArgs } from "./environment.ts";
import { flagsOf, type RelayFlag } from "./names.ts";

/** Returns an error about an option with the name under which it was given: a flag, a variable, or an option in the config file. */
export function asGiven(error: unknown, given: GivenArgs): unknown {
  if (isQuicpipeError(error, "ERR_QUICPIPE_LISTEN_FAILED")) return portAsGiven(error, given);
  if (!isQuicpipeError(error, "ERR_QUICPIPE_OPTION_INVALID")) return error;
  const { message, details } = error;
  const { option } = details;
  if (option.startsWith("--")) {
    const variable = given.variables.get(option.slice("--".length) as RelayFlag);
    return variable === undefined
      ? error
      : optionError(variable, message.replaceAll(option, variable), error);
  }
  const flag = flagOf(option, given);
  if (flag !== undefined) {
    const name = nameOf(flag, given);
    return isObject(flag)
      ? optionError(name, `${name}: ${message}`, error)
      : inFlags(error, { [option]: name });
  }
  const { config } = given.args;
  if (config === undefined || option.startsWith("QUICPIPE_")) return error;
  return optionError(option, `${config}: ${message}`, error);
}

/** Returns the flag that gave an option, if one did. */
function flagOf(option: string, { args }: GivenArgs): RelayFlag | undefined {
  return flagsOf(option).find((each) => args[each] !== undefined);
}

/** Returns how a flag was given: as such, or by its variable. */
function nameOf(flag: RelayFlag, { variables }: GivenArgs): string {
  return variables.get(flag) ?? `--${flag}`;
}

/** Reports whether a flag has an object, of which a member may be wrong. */
function isObject(flag: RelayFlag): boolean {
  return ["forwarder", "limits", "console", "health", "telemetry"].includes(flag);
}

/** Returns an error about a port with the flag that gave it. An option of the config file has its name there. */
function portAsGiven(error: QuicpipeError<"ERR_QUICPIPE_LISTEN_FAILED">, given: GivenArgs): QuicpipeError {
  const { option } = error.details;
  const flag = option === undefined ? undefined : flagOf(option, given);
  if (flag === undefined) return error;
  const name = nameOf(flag, given);
  return new QuicpipeError(error.code, error.message.replace(`\`${option}\``, name), {
    cause: error,
    details: { ...error.details, option: name },
  });
}
