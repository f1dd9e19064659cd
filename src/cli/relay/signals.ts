import { openInterruption } from "../interruption.ts";

/** What the signals of a relay ask for. */
export interface RelaySignals {
  /** Resolves at the first signal that ends the relay; a second one then ends the process at once. */
  readonly ended: Promise<void>;
  /** Sets what SIGHUP does. One that came before is heard now. */
  onReload(reload: () => void): void;
}

/**
 * Listens to signals: SIGINT and SIGTERM end the relay, and SIGHUP has it read its files again. At a terminal SIGHUP ends it as well,
 * because there it means that the terminal was closed.
 */
export function relaySignals(isAtTerminal: boolean): RelaySignals {
  let reload: (() => void) | undefined;
  let isAsked = false;
  if (!isAtTerminal)
    process.on("SIGHUP", () => {
      isAsked = true;
      reload?.();
    });
  return {
    ended: interrupted(isAtTerminal ? ["SIGINT", "SIGTERM", "SIGHUP"] : ["SIGINT", "SIGTERM"]),
    onReload(then) {
      reload = then;
      if (isAsked) then();
    },
  };
}

/** Reports whether the process has a terminal that may be closed. */
export function hasTerminal(): boolean {
  return [process.stdin, process.stdout, process.stderr].some(({ isTTY }) => isTTY);
}

async function interrupted(signals: readonly NodeJS.Signals[]): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const interruption = openInterruption(resolve, signals);
  await promise;
  interruption.close();
}
