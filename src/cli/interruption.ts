/** Signals that end a command: those of Ctrl-C, of a supervisor and of a closed terminal. */
const endingSignals: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP"];

/** A watch for {@link endingSignals}. The same signal a second time ends the process at once. The caller closes it. */
export interface Interruption {
  /** The latest signal, if any. */
  readonly signal: NodeJS.Signals | undefined;
  close(): void;
}

/** Calls back at each of {@link endingSignals}. */
export function openInterruption(onSignal: () => void): Interruption {
  let signal: NodeJS.Signals | undefined;
  const listener = (received: NodeJS.Signals): void => {
    signal = received;
    onSignal();
  };
  for (const each of endingSignals) process.once(each, listener);
  return {
    get signal() {
      return signal;
    },
    close() {
      for (const each of endingSignals) process.off(each, listener);
    },
  };
}
