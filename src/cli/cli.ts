import { stripVTControlCharacters } from "node:util";
import { runCommand, type ArgsDef, type CommandDef, type CommandMeta } from "citty";
import { isQuicpipeError, type QuicpipeErrorCode } from "../errors.ts";
import { exitStatus, isBrokenPipe, isOutputFault, watchOutput } from "./exit-status.ts";
import { faultText } from "./fault.ts";
import { suggestion } from "./suggestion.ts";
import { printable } from "./terminal-text.ts";
import { formatUsage, usageOf } from "./usage.ts";
import { wrongArgument } from "./wrong-argument.ts";
import { version } from "../version.ts";

/** Each is loaded when it is asked for: a dial needs none of a relay's 200 modules. */
const subCommands: Readonly<Record<string, () => Promise<CommandDef>>> = {
  relay: async () => (await import("./commands/relay.ts")).relay,
  token: async () => (await import("./commands/token.ts")).token,
  id: async () => (await import("./commands/id.ts")).id,
  accept: async () => (await import("./commands/accept.ts")).accept,
  dial: async () => (await import("./commands/dial.ts")).dial,
  ping: async () => (await import("./commands/ping.ts")).ping,
  netcheck: async () => (await import("./commands/netcheck.ts")).netcheck,
  top: async () => (await import("./commands/top.ts")).top,
  doctor: async () => (await import("./commands/doctor.ts")).doctor,
};

const description = "QUIC between two devices behind NATs, through a relay that cannot read it";

const firstSteps = `First steps, each in a terminal of its own on one machine:
  quicpipe relay
  quicpipe accept
  echo hello | quicpipe dial TICKET     (the one that accept has printed)

\`quicpipe COMMAND --help\` prints the options of a command.`;

/** Runs the command line of this process and sets its exit status. */
export async function run(): Promise<void> {
  watchOutput();
  // What fails outside of the command's own work, such as an event that nobody expects.
  process.on("uncaughtException", (error) => process.exit(report(error, "quicpipe --help")));
  const status = await runCli(process.argv.slice(2));
  process.exitCode ??= status;
}

/**
 * Runs the command line and returns the exit status: 0 for success, 1 for failure (with one line on stderr), 2 for
 * wrong usage, and 128 or more for an end by a signal.
 */
async function runCli(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  const words = args.filter((word) => word !== "--help" && word !== "-h");
  if (name === "--version" || name === "-v" || name === "version")
    return words.length === 1
      ? say(version)
      : refuse(`${name} takes no further word ${JSON.stringify(words[1])}`);
  if (name === "help" && words.length <= 2) return help(words[1]);
  if (name === "help") return refuse(`help takes no further word ${JSON.stringify(words[2])}`);
  // Before or after the word: `--help relay` is `relay --help`.
  if (name === undefined || words.length < args.length) return help(words[0]);
  const command = await commandOf(name);
  return command ? runNamed(name, command, rest) : refuseCommand(name);
}

async function runNamed(name: string, command: CommandDef, args: string[]): Promise<number> {
  const remedy = `quicpipe ${name} --help`;
  const wrong = wrongArgument(args, await resolveArgs(command));
  if (wrong) return refuse(`${name} ${wrong}`, remedy);
  try {
    const { result } = await runCommand(command, { rawArgs: args });
    return typeof result === "number" ? result : exitStatus.done;
  } catch (error) {
    return report(error, remedy);
  }
}

async function commandOf(name: string | undefined): Promise<CommandDef | undefined> {
  return name !== undefined && Object.hasOwn(subCommands, name) ? await subCommands[name]!() : undefined;
}

/** Prints the help of a command, or of all. */
async function help(name?: string): Promise<number> {
  const command = await commandOf(name);
  if (command)
    return say(formatUsage(usageOf(name!, await descriptionOf(command), await resolveArgs(command))));
  if (name !== undefined) return refuseCommand(name);
  const commands = Object.entries(subCommands).map(
    async ([each, load]) => [each, await descriptionOf(await load())] as const,
  );
  const lists = { Commands: await Promise.all(commands) };
  return say(`${formatUsage({ description, synopsis: "quicpipe COMMAND [options]", lists })}\n${firstSteps}`);
}

function say(text: string): number {
  process.stdout.write(`${text.trimEnd()}\n`);
  return exitStatus.done;
}

function refuseCommand(name: string): number {
  const known = [...Object.keys(subCommands), "help", "version"];
  const what = name.startsWith("-") ? "option" : "command";
  return refuse(`there is no ${what} ${JSON.stringify(name)}${suggestion(name, known)}`);
}

function refuse(message: string, remedy = "quicpipe --help"): number {
  process.stderr.write(`quicpipe: ${printable(message)}; see \`${remedy}\`\n`);
  return exitStatus.usage;
}

/** Errors that the user can fix on the command line. */
const usageCodes: ReadonlySet<QuicpipeErrorCode> = new Set([
  "ERR_QUICPIPE_OPTION_INVALID",
  "ERR_QUICPIPE_AUTH_REQUIRED",
]);

function report(error: unknown, remedy: string): number {
  if (isBrokenPipe(error)) return exitStatus.brokenPipe;
  if (isOutputFault(error)) return exitStatus.failed;
  if (isQuicpipeError(error)) {
    process.stderr.write(`quicpipe: ${printable(error.message)} (${error.code})\n`);
    return usageCodes.has(error.code) ? exitStatus.usage : exitStatus.failed;
  }
  // citty reports wrong usage (a missing positional, a value outside an enum) in coloured sentences.
  if (error instanceof Error && error.name === "CLIError")
    return refuse(stripVTControlCharacters(error.message).replace(/\.$/, ""), remedy);
  process.stderr.write(`quicpipe: ${faultText(error)}\n`);
  return exitStatus.failed;
}

async function descriptionOf(command: CommandDef): Promise<string> {
  const meta: CommandMeta =
    (typeof command.meta === "function" ? await command.meta() : await command.meta) ?? {};
  return meta.description ?? "";
}

async function resolveArgs(command: CommandDef): Promise<ArgsDef> {
  return (typeof command.args === "function" ? await command.args() : await command.args) ?? {};
}
