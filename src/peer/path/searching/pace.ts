import { searchStepsPerTurn, searchTurnMs } from "../../../defaults/index.ts";

/**
 * Takes steps, 8 in each 50 ms, until there were as many as are wanted. Returns what ends it early.
 *
 * @param step reports whether it was taken. One that was not is the next one in the next turn.
 */
export function takeSteps(count: number, step: () => boolean, onEnd: () => void): () => void {
  let left = count;
  const timer = setInterval(() => {
    for (let turn = 0; turn < searchStepsPerTurn && left > 0 && step(); turn++) left--;
    if (left > 0) return;
    clearInterval(timer);
    onEnd();
  }, searchTurnMs);
  timer.unref();
  return () => clearInterval(timer);
}
