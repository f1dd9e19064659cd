/** Signals that end a command: those of Ctrl-C, of a supervisor and of a closed terminal. */
const endingSignals: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP"];

/** A watch for signals that end a command. The same signal a second time ends the process at once. The caller closes it. */
export interface Interruption {
  /** The latest signal, if any. */
  readonly signal: NodeJS.Signals | undefined;
  close(): void;
}

/** Calls back at each of these signals; those of Ctrl-C, of a supervisor and of a closed terminal if absent. */
export function openInterruption(
  onSignal: () => void,
  signals: readonly NodeJS.Signals[] = endingSignals,
): Interruption {
  let signal: NodeJS.Signals | undefined;
  const listener = (received: NodeJS.Signals): void => {
    signal = received;
    onSignal();
  };
  for (const each of signals) process.once(each, listener);
  return {
    get signal() {
      return signal;
    },
    close() {
      for (const each of signals) process.off(each, listener);
    },
  };
}
