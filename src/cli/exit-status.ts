import { constants } from "node:os";

/**
 * Exit statuses: what scripts may rely on. Who was ended by a signal, or has lost the reader of its output, ends as
 * shells have it: 128 and the number of the signal, as of SIGPIPE.
 */
export const exitStatus: Readonly<Record<"done" | "failed" | "usage" | "brokenPipe", number>> = {
  done: 0,
  failed: 1,
  usage: 2,
  brokenPipe: 128 + constants.signals.SIGPIPE,
};

/** The status of a command that a signal ended. */
export function interruptedStatus(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}

/** Whether an error is that nobody reads what is written (any more). */
export function isBrokenPipe(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EPIPE";
}

let outputFault: Error | undefined;

/** Whether an error is why stdout cannot be written, of which {@link watchOutput} has told. */
export function isOutputFault(error: unknown): boolean {
  return error === outputFault;
}

/**
 * Lets the process end quietly where the reader of its stdout has gone, as in `quicpipe accept | head`, and with a line where
 * stdout cannot be written, as on a full disk; one that nobody hears on stderr goes on.
 */
export function watchOutput(): void {
  process.stdout.on("error", (error) => {
    if (isBrokenPipe(error)) return void (process.exitCode = exitStatus.brokenPipe);
    if (outputFault === undefined)
      process.stderr.write(`quicpipe: stdout cannot be written: ${error.message}\n`);
    outputFault ??= error;
    process.exitCode = exitStatus.failed;
  });
  process.stderr.on("error", () => undefined);
}
