import { cleanUpWith } from "../../test/integration/harness/network/clean-up.ts";
import { faultsOf, runLossy } from "../../test/integration/peer/path/loss-run.ts";

/** Has two peers talk over a lossy direct way, prints what they have been through, and returns the exit status. */
export async function showLoss(minutes: number, isJson: boolean): Promise<number> {
  await using stack = new AsyncDisposableStack();
  cleanUpWith(stack);
  const run = await runLossy(minutes * 60_000);
  const { bytes, suspects, demotions } = run;
  const figures = `${minutes} minutes: ${bytes} bytes came back, ${suspects} doubts, ${demotions.length} times by the relay again\n`;
  process.stdout.write(isJson ? `${JSON.stringify({ minutes, ...run }, undefined, 2)}\n` : figures);
  const faults = faultsOf(run);
  process.stderr.write(faults.length === 0 ? "held\n" : `failed:\n${faults.join("\n")}\n`);
  return faults.length === 0 ? 0 : 1;
}
