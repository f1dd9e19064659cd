const signals = ["SIGINT", "SIGTERM"] as const;

/** Ctrl-C or SIGTERM, once; a second one ends the process the hard way. Whoever opened it closes it. */
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
