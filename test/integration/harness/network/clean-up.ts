import { onTestFinished } from "vitest";

/** Removes something. It is told whether what it was made for has failed. */
export type CleanUp = (hasFailed: boolean) => unknown;

const withTheTest = (work: CleanUp): void =>
  onTestFinished(async ({ task }) => void (await work(task.result?.state === "fail")));

let register = withTheTest;

/** Has something removed at the end of the running test, or of what {@link cleanUpWith} names. */
export function cleanUp(work: CleanUp): void {
  register(work);
}

/** Has everything removed with a stack from now on, in a script that runs no test. */
export function cleanUpWith(stack: AsyncDisposableStack): void {
  register = (work) => stack.defer(async () => void (await work(false)));
}
