import { openInterruption } from "../interruption.ts";

const enter = "\u001B[?1049h\u001B[?25l";
const leave = "\u001B[?25h\u001B[?1049l";
const home = "\u001B[H";
const eraseLine = "\u001B[K";
const eraseBelow = "\u001B[J";

const ctrlC = 3;

/** A terminal's alternate screen, redrawn as a whole. The caller closes it. */
export interface Screen {
  draw(lines: readonly string[]): void;
  /** Restores the terminal. Idempotent. */
  close(): void;
}

/** Takes over the terminal that `output` writes to. */
export function openScreen(output: NodeJS.WriteStream): Screen {
  let isOpen = true;
  const close = (): void => {
    if (isOpen) output.write(leave);
    isOpen = false;
    process.off("exit", close);
  };
  // Restores the terminal however the process ends.
  process.on("exit", close);
  output.write(enter);
  return {
    draw(lines) {
      if (isOpen) output.write(home + lines.map((line) => line + eraseLine).join("\r\n") + eraseBelow);
    },
    close,
  };
}

/** A watch for the user's wish to quit. The caller closes it. */
export interface QuitSignal {
  /** Resolves when the user types `q` or Ctrl-C, or at an ending signal. */
  readonly asked: Promise<void>;
  close(): void;
}

/** Watches the keys, if `input` is a terminal, and the signals. */
export function openQuitSignal(input: NodeJS.ReadStream): QuitSignal {
  const { promise, resolve } = Promise.withResolvers<void>();
  const onKeys = (keys: Buffer): void => {
    // In raw mode Ctrl-C is an ordinary character.
    if (keys.includes("q") || keys.includes(ctrlC)) resolve();
  };
  const interruption = openInterruption(resolve);
  if (input.isTTY) input.setRawMode(true).on("data", onKeys);
  return {
    asked: promise,
    close() {
      interruption.close();
      if (input.isTTY) input.setRawMode(false).off("data", onKeys).pause();
    },
  };
}
