import { startChild } from "./machine/child.ts";
import { nodeCommand } from "./native/program.ts";

/** Runs a subject and returns its figures, the line of JSON that it prints. */
export async function figuresOf<Figures>(script: string, ...args: readonly number[]): Promise<Figures> {
  const [node, ...rest] = nodeCommand(`subjects/${script}`, ...args);
  const subject = startChild([node!, "--expose-gc", ...rest]);
  const figures = JSON.parse(await subject.hear());
  await subject.stop();
  return figures;
}
