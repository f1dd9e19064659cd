import { parseArgs, type ParseArgsConfig } from "node:util";

type Config = NonNullable<ParseArgsConfig["options"]>;
type Values<Options extends Config> = ReturnType<
  typeof parseArgs<{ options: Options; args: string[] }>
>["values"];

/** Backends that a relay can run on. */
export const backends: readonly string[] = ["auto", "dgram", "native"];

/** The reason why a command does not run. */
export class Refusal extends Error {}

/** Parses options. @throws Refusal if one is unknown. */
export function readOptions<const Options extends Config>(args: string[], options: Options): Values<Options> {
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new Refusal(error instanceof Error ? error.message : String(error));
  }
}

/** Requires that an option's value is valid. @throws Refusal otherwise. */
export function requireOption(isRight: boolean, name: string, value: unknown, what: string): void {
  if (!isRight) throw new Refusal(`--${name} is ${String(value)}; it must be ${what}`);
}

/** Runs a command and returns its exit status. Prints a refusal and returns 2. */
export async function runCommand(name: string, command: () => Promise<number>): Promise<number> {
  try {
    return await command();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    process.stderr.write(`${name}: ${error.message}; see --help\n`);
    return 2;
  }
}
