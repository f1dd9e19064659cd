import { styleText } from "node:util";
import type { Finding } from "../forwarder/index.ts";

const colours = { ok: "green", hint: "yellow", problem: "red" } as const;

/** Formats a finding: a line with its level, subject and sentence, and a line for each remedy. */
export function formatFinding({ level, subject, sentence, remedies }: Finding): string {
  const label = styleText(colours[level], level.padEnd(8), { stream: process.stdout });
  const lines = [`${label}${styleText("bold", subject, { stream: process.stdout })}: ${sentence}`];
  return [...lines, ...remedies.map((remedy) => `          → ${remedy}`), ""].join("\n");
}
