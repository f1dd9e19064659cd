import { stripVTControlCharacters } from "node:util";
import { defineCommand, renderUsage, runCommand, type ArgsDef, type CommandDef } from "citty";
import { isQuicpipeError, type QuicpipeErrorCode } from "../errors.ts";
import { accept } from "./commands/accept.ts";
import { dial } from "./commands/dial.ts";
import { doctor } from "./commands/doctor.ts";
import { exitStatus, isBrokenPipe, isOutputFault, watchOutput } from "./exit-status.ts";
import { id } from "./commands/id.ts";
import { relay } from "./commands/relay.ts";
import { printable } from "./terminal-text.ts";
import { token } from "./commands/token.ts";
import { top } from "./commands/top.ts";
import { wrongArgument } from "./wrong-argument.ts";
import { version } from "../version.ts";

const subCommands: Record<string, CommandDef> = { relay, token, id, accept, dial, top, doctor };

const root: CommandDef = defineCommand({
  meta: {
    name: "quicpipe",
    version,
    description: "QUIC between two devices behind NATs, through a relay that cannot read it",
  },
  subCommands,
});

const firstSteps = `
First steps, each in a terminal of its own on one machine:
  quicpipe relay
  quicpipe accept --as bob --pin "$(quicpipe id)"
  echo hello | quicpipe dial bob --as alice --pin "$(quicpipe id)"
`;

/** Runs the command line of this process and sets its exit status. */
export async function run(): Promise<void> {
  watchOutput();
  const status = await runCli(process.argv.slice(2));
  process.exitCode ??= status;
}

/**
 * Runs the command line and returns the exit status: 0 for success, 1 for failure (with one line on stderr), 2 for
 * wrong usage, and 128 or more for an end by a signal.
 */
async function runCli(args: readonly string[]): Promise<number> {
  const command = args[0] === undefined ? undefined : subCommands[args[0]];
  if (args[0] === "--version" || args[0] === "-v") return say(version);
  if (args.length === 0 || args.includes("--help") || args.includes("-h")) return usage(command);
  if (!command) return refuse(`there is no command ${JSON.stringify(args[0])}`);
  const wrong = wrongArgument(args.slice(1), await resolveArgs(command));
  if (wrong) return refuse(`${args[0]} ${wrong}`, `quicpipe ${args[0]} --help`);
  try {
    const { result } = await runCommand(command, { rawArgs: args.slice(1) });
    return typeof result === "number" ? result : exitStatus.done;
  } catch (error) {
    return report(error, `quicpipe ${args[0]} --help`);
  }
}

async function usage(command: CommandDef | undefined): Promise<number> {
  const text = await renderUsage(command ?? root, command && root);
  return say(command ? text : `${text}\n${firstSteps}`);
}

function say(text: string): number {
  process.stdout.write(`${process.stdout.isTTY ? text : stripVTControlCharacters(text)}\n`);
  return exitStatus.done;
}

function refuse(message: string, help = "quicpipe --help"): number {
  process.stderr.write(`quicpipe: ${printable(message)}; see \`${help}\`\n`);
  return exitStatus.usage;
}

/** Errors that the user can fix on the command line. */
const usageCodes: ReadonlySet<QuicpipeErrorCode> = new Set([
  "ERR_QUICPIPE_OPTION_INVALID",
  "ERR_QUICPIPE_AUTH_REQUIRED",
]);

function report(error: unknown, help: string): number {
  if (isBrokenPipe(error)) return exitStatus.brokenPipe;
  if (isOutputFault(error)) return exitStatus.failed;
  if (isQuicpipeError(error)) {
    process.stderr.write(`quicpipe: ${printable(error.message)} (${error.code})\n`);
    return usageCodes.has(error.code) ? exitStatus.usage : exitStatus.failed;
  }
  // citty reports wrong usage (a missing positional, a value outside an enum) in coloured sentences.
  if (error instanceof Error && error.name === "CLIError")
    return refuse(stripVTControlCharacters(error.message).replace(/\.$/, ""), help);
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`quicpipe: ${text.split("\n").map(printable).join("\n")}\n`);
  return exitStatus.failed;
}

async function resolveArgs(command: CommandDef): Promise<ArgsDef> {
  return (typeof command.args === "function" ? await command.args() : await command.args) ?? {};
}
