import { runCli } from "./cli.ts";
import { watchOutput } from "./exit-status.ts";

/** Runs the command line of this process and sets its exit status. */
export async function run(): Promise<void> {
  watchOutput();
  const status = await runCli(process.argv.slice(2));
  process.exitCode ??= status;
}
