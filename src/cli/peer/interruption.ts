/** What tells a command to end: Ctrl-C, whoever started it, and a terminal that is closed. */
export const endingSignals: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP"];

/** One of {@link endingSignals}, once; a second one ends the process the hard way. Whoever opened it closes it. */
export interface Interruption {
  /** What came, if anything. */
  readonly signal: NodeJS.Signals | undefined;
  close(): void;
}

/** Calls back when the process is told to end. */
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
