import { formatBytes } from "../terminal-text.ts";

/** Bytes moved so far and the time that it took. */
export interface Progress {
  readonly sentBytes: number;
  readonly receivedBytes: number;
  readonly elapsedMs: number;
}

/** Formats the bytes moved so far, with the mean rate between two samples. */
export function formatProgress(now: Progress, before: Progress): string {
  const seconds = (now.elapsedMs - before.elapsedMs) / 1000;
  const moved = now.sentBytes + now.receivedBytes - before.sentBytes - before.receivedBytes;
  const rate = seconds > 0 ? moved / seconds : 0;
  const clock = (now.elapsedMs / 1000).toFixed(0);
  return `sent ${formatBytes(now.sentBytes)}, received ${formatBytes(now.receivedBytes)}, ${formatBytes(rate)}/s, ${clock} s`;
}

const reportMs = 500;
const eraseLine = "\r\u001B[K";

/** Whether there is a progress line. If `input` is a terminal, it would mix with what is typed. */
function hasProgress(
  input: Pick<NodeJS.ReadStream, "isTTY">,
  output: Pick<NodeJS.WriteStream, "isTTY">,
): boolean {
  return output.isTTY && !input.isTTY;
}

/** Writes a line to stderr, in place of the progress line if there is one. That is back half a second later. */
export function sayBeside(line: string): void {
  const erase = hasProgress(process.stdin, process.stderr) ? eraseLine : "";
  process.stderr.write(`${erase}quicpipe: ${line}\n`);
}

/**
 * Shows a progress line every half second if `output` is a terminal. The caller ends it with `close`, which erases the
 * line and leaves a summary. If `input` is a terminal too, there is none.
 */
export function showProgress(
  input: Pick<NodeJS.ReadStream, "isTTY">,
  output: Pick<NodeJS.WriteStream, "isTTY" | "write">,
  read: () => Omit<Progress, "elapsedMs">,
): { close(): void } {
  if (!hasProgress(input, output)) return { close() {} };
  const startedMs = performance.now();
  const sample = (): Progress => ({ ...read(), elapsedMs: performance.now() - startedMs });
  const first = sample();
  let before = first;
  const timer = setInterval(() => {
    const now = sample();
    output.write(`${eraseLine}${formatProgress(now, before)}`);
    before = now;
  }, reportMs);
  return {
    close() {
      clearInterval(timer);
      output.write(`${eraseLine}${formatProgress(sample(), first)}\n`);
    },
  };
}
