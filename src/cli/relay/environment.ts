import { optionError } from "../../option-checks.ts";
import { suggestion } from "../suggestion.ts";
import { type RelayArgs, relayArgs } from "./args.ts";
import { environmentFlags, environmentPrefix, type RelayFlag } from "./names.ts";

/** Values of the command line and of the environment. */
export interface GivenArgs {
  readonly args: RelayArgs;
  /** The environment variables of values that come from there, by flag. */
  readonly variables: ReadonlyMap<RelayFlag, string>;
}

/**
 * Adds the values of environment variables to those of the command line, which take precedence. Empty ones count as absent.
 *
 * @throws ERR_QUICPIPE_OPTION_INVALID, naming a variable that is unknown or whose value is none of the flag's.
 */
export function withEnvironment(args: RelayArgs, environment: NodeJS.ProcessEnv): GivenArgs {
  const variables = new Map<RelayFlag, string>();
  const values: Partial<Record<RelayFlag, string | boolean>> = {};
  for (const [name, text = ""] of Object.entries(environment)) {
    if (!name.startsWith(environmentPrefix) || text === "") continue;
    const flag = environmentFlags.get(name) ?? refuseUnknown(name);
    if (args[flag] !== undefined) continue;
    variables.set(flag, name);
    values[flag] = valueOf(flag, name, text);
  }
  return { args: { ...args, ...(values as RelayArgs) }, variables };
}

/** A mistyped one must not silently have no effect. */
function refuseUnknown(name: string): never {
  const hint = suggestion(name, [...environmentFlags.keys()]);
  throw optionError(
    name,
    `the environment variable ${name} is unknown${hint}; \`quicpipe relay --help\` has the options. Kubernetes sets such variables for a service named quicpipe-relay, unless enableServiceLinks is false`,
  );
}

function valueOf(flag: RelayFlag, name: string, text: string): string | boolean {
  const arg = relayArgs[flag];
  if (arg.type === "boolean") {
    if (text === "1" || text === "true") return true;
    if (text === "0" || text === "false") return false;
    throw optionError(name, `${name} is ${JSON.stringify(text)}, but must be 1, true, 0 or false`);
  }
  if (arg.type === "enum" && !arg.options.includes(text))
    throw optionError(
      name,
      `${name} is ${JSON.stringify(text)}, but must be one of ${arg.options.join(", ")}`,
    );
  return text;
}
