import { constants } from "node:os";

/**
 * Exit statuses on which scripts may rely. A command that was ended by a signal, or whose output has lost its reader,
 * exits as shells have it: with 128 plus the number of the signal, SIGPIPE in the second case.
 */
export const exitStatus: Readonly<Record<"done" | "failed" | "usage" | "brokenPipe", number>> = {
  done: 0,
  failed: 1,
  usage: 2,
  brokenPipe: 128 + constants.signals.SIGPIPE,
};

/** Returns the status of a command that a signal ended. */
export function interruptedStatus(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}

/** Reports whether an error means that the reader of an output has gone. */
export function isBrokenPipe(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EPIPE";
}

let outputFault: Error | undefined;

/** Reports whether an error is the fault of stdout that {@link watchOutput} has already reported. */
export function isOutputFault(error: unknown): boolean {
  return error === outputFault;
}

/**
 * Ends the process quietly if the reader of its stdout has gone, as in `quicpipe accept | head`, and with one line if
 * stdout cannot be written, as on a full disk. Ignores errors of stderr.
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
